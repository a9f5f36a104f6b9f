import {expect, test} from 'vitest'
import type {Clock} from '../../../src/lib/core/context.ts'
import {formatChromeTrace, readChromeTrace} from '../../../src/lib/trace/chrome-trace.ts'
import {createLogs} from '../../../src/lib/trace/log.ts'
import {renderTrace} from '../../../src/lib/trace/render-trace.ts'
import {createRootSpan} from '../../../src/lib/trace/span.ts'
import {createSpanRecorder} from '../../../src/lib/trace/span-recorder.ts'
import {walk} from '../../../src/lib/trace/trace-node.ts'
import {throwMisuse} from '../test-context.ts'

/** A run in which two steps overlap, one of which has a command inside. Returns the trace's text. */
function traceOfARun(): string {
  let nowMs = 1000
  const clock: Clock = {now: () => nowMs, monotonic: () => nowMs, sleep: async () => undefined}
  const ids = Array.from('abcdefgh').values()
  const recorder = createSpanRecorder()
  const log = createLogs(clock, 'error', () => undefined)
  const options = {clock, log, newId: () => ids.next().value ?? '', onMisuse: throwMisuse, keeper: recorder}
  const root = createRootSpan(options, 'run')
  const first = root.task('step', {filesystem: 'p/a', guid: 2n ** 63n})
  nowMs += 10
  const second = root.task('step', {filesystem: 'p/b'})
  const send = second.child('zfs send')
  nowMs += 20
  first.end()
  nowMs += 30
  send.end({exitCode: 0})
  second.end()
  nowMs += 5
  root.end()
  return formatChromeTrace(recorder.spans(nowMs * 1000), 'host')
}

test('a trace is closed JSON whose complete events nest within each track', () => {
  const events = JSON.parse(traceOfARun()).filter(({ph}: {ph: string}) => ph === 'X')
  expect(
    events.map(({name, ts, dur, tid}: {name: string; ts: number; dur: number; tid: number}) => ({
      name,
      ts,
      dur,
      tid,
    })),
  ).toEqual([
    {name: 'run', ts: 1_000_000, dur: 65_000, tid: 0},
    {name: 'step', ts: 1_000_000, dur: 30_000, tid: 0},
    {name: 'step', ts: 1_010_000, dur: 50_000, tid: 1},
    {name: 'zfs send', ts: 1_010_000, dur: 50_000, tid: 1},
  ])
})

test('a trace read back is the tree of the run', () => {
  const [root, ...others] = readChromeTrace(traceOfARun())
  expect(others).toEqual([])
  expect(root?.children.map(({name, args}) => [name, args['filesystem'], args['guid']])).toEqual([
    ['step', 'p/a', '9223372036854775808'],
    ['step', 'p/b', undefined],
  ])
})

test('as text it is a tree with the critical path, and says what was waited for', () => {
  const [root] = readChromeTrace(traceOfARun())
  if (root === undefined) throw new Error('no root')
  expect(renderTrace(root)).toBe(
    [
      '*      0ms     65ms  run',
      '*      0ms     30ms    step filesystem=p/a',
      '*     10ms     50ms    step filesystem=p/b',
      '*     10ms     50ms      zfs send',
      '',
      'waited for',
      '      50ms     77 %  zfs send',
      '      10ms     15 %  step',
      '       5ms      8 %  run',
      '',
    ].join('\n'),
  )
})

test.each([
  ['not JSON', '[', /JSON/i],
  ['an object', '{}', /not an array/],
  ['somebody else’s trace', '[{"ph":"X","name":"x","ts":1,"dur":1,"args":{}}]', /no spans/],
])('%s is refused', (_, text, words) => {
  expect(() => readChromeTrace(text)).toThrow(words)
})

test('what is from another host is drawn there, below what caused it', () => {
  const span = (stack: string, startUs: number, endUs: number, host?: string) => ({
    stack,
    annotation: stack,
    startUs,
    endUs,
    fields: {},
    ...(host === undefined ? {} : {host}),
  })
  const text = formatChromeTrace(
    [span('a', 0, 100), span('a.b', 10, 90), span('a.b.c', 20, 80, 'far'), span('a.b.c.d', 30, 40, 'far')],
    'near',
  )
  expect(
    JSON.parse(text).map(({name, pid, tid, args}: Record<string, unknown>) => [name, pid, tid, args]),
  ).toEqual([
    ['process_name', 1, 0, {name: 'near'}],
    ['process_name', 2, 0, {name: 'far'}],
    ['a', 1, 0, {stack: 'a'}],
    ['a.b', 1, 0, {stack: 'a.b'}],
    ['a.b.c', 2, 0, {host: 'far', stack: 'a.b.c'}],
    ['a.b.c.d', 2, 0, {host: 'far', stack: 'a.b.c.d'}],
  ])
  expect(depths(text)).toEqual(['a', ' a.b', '  a.b.c', '   a.b.c.d'])
})

function depths(text: string): readonly string[] {
  return readChromeTrace(text).flatMap((root) =>
    Array.from(walk(root), ({node, depth}) => `${' '.repeat(depth)}${node.name}`),
  )
}

test('a run that breaks off leaves a whole trace: what was under way ends where it breaks off', () => {
  const recorder = createSpanRecorder()
  recorder.begin({stack: 'a', annotation: 'run', startUs: 10, fields: {}})
  recorder.begin({stack: 'a.b', annotation: 'zfs receive', startUs: 20, fields: {filesystem: 'p/a'}})
  recorder.end({stack: 'a.b.c', annotation: 'inner', startUs: 21, endUs: 22, fields: {}})
  const events = JSON.parse(formatChromeTrace(recorder.spans(50), 'host')).slice(1)
  expect(events.map(({name, ts, dur, args}: Record<string, unknown>) => [name, ts, dur, args])).toEqual([
    ['run', 10, 40, {unended: true, stack: 'a'}],
    ['zfs receive', 20, 30, {filesystem: 'p/a', unended: true, stack: 'a.b'}],
    ['inner', 21, 1, {stack: 'a.b.c'}],
  ])
})

test('a trace of one job has only what is below it, and what is too much is counted', () => {
  const recorder = createSpanRecorder(3)
  for (const stack of ['a.b.c', 'a.b$d', 'a.bb', 'a.b'])
    recorder.end({stack, annotation: 's', startUs: 0, endUs: 1, fields: {}})
  expect(recorder.spans(0, 'a.b').map(({stack}) => stack)).toEqual(['a.b.c', 'a.b$d'])
  expect(recorder.dropped()).toBe(1)
  expect(formatChromeTrace([], 'host', 1)).toContain('"labels":"1 spans not kept"')
})
