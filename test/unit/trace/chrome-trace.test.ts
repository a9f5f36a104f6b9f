import {expect, test} from 'vitest'
import type {Clock} from '../../../src/lib/core/context.ts'
import {formatChromeTrace, readChromeTrace} from '../../../src/lib/trace/chrome-trace.ts'
import {createLog} from '../../../src/lib/trace/log.ts'
import {renderTrace} from '../../../src/lib/trace/render-trace.ts'
import {createRootSpan} from '../../../src/lib/trace/span.ts'
import {createSpanRecorder} from '../../../src/lib/trace/span-recorder.ts'

/** A run in which two steps overlap, one of which has a command inside. Returns the trace's text. */
function traceOfARun(): string {
  let nowMs = 1000
  const clock: Clock = {now: () => nowMs, monotonic: () => nowMs, sleep: async () => undefined}
  const ids = Array.from('abcdefgh').values()
  const recorder = createSpanRecorder()
  const log = createLog(clock, 'error', () => undefined)
  const root = createRootSpan({clock, log, newId: () => ids.next().value ?? '', recorder}, 'run')
  const first = root.child('step', {filesystem: 'p/a', guid: 2n ** 63n})
  nowMs += 10
  const second = root.child('step', {filesystem: 'p/b'})
  const send = second.child('zfs send')
  nowMs += 20
  first.end()
  nowMs += 30
  send.end({exitCode: 0})
  second.end()
  nowMs += 5
  root.end()
  return formatChromeTrace(recorder.spans(), 'host')
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
