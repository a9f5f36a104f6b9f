import {expect, test} from 'vitest'
import type {Clock, EndedSpan, Fields, Span} from '../../../src/lib/core/context.ts'
import {stackAbove} from '../../../src/lib/core/span-stack.ts'
import {createLogs} from '../../../src/lib/trace/log.ts'
import type {LogLine} from '../../../src/lib/trace/log-line.ts'
import {createRootSpan, randomSpanId, type SpanKeeper} from '../../../src/lib/trace/span.ts'
import {throwMisuse} from '../test-context.ts'

/** A root span whose ids are letters, with what it told and what was kept of it. */
function root(options: {readonly heal?: boolean; readonly clock?: Clock} = {}) {
  const lines: LogLine[] = []
  const kept: EndedSpan[] = []
  const mistakes: string[] = []
  const clock = options.clock ?? {now: () => 0, monotonic: () => 0, sleep: async () => {}}
  const ids = Array.from('abcdefgh').values()
  const span = createRootSpan(
    {
      clock,
      log: createLogs(clock, 'debug', (line) => lines.push(line)),
      newId: () => ids.next().value ?? '',
      keeper: {begin: () => {}, end: (span) => kept.push(span)},
      onMisuse: options.heal === true ? (mistake) => mistakes.push(mistake) : throwMisuse,
    },
    'run',
  )
  return {span, lines, kept, mistakes}
}

const stacks = (kept: readonly EndedSpan[]) => kept.map(({stack}) => stack)

test('a grep for the beginning of a span’s stack finds everything below it', () => {
  const {span, lines} = root()
  const child = span.child('step')
  child.child('zfs send').end({exitCode: 0})
  child.end()
  const task = span.task('filesystem')
  task.child('step').end()
  task.end()
  span.end()
  expect(lines.map(({message, fields}) => `${message} ${fields['span']} ${fields['annotation']}`)).toEqual([
    'span begins a run',
    'span begins a.b step',
    'span begins a.b.c zfs send',
    'span ends a.b.c zfs send',
    'span ends a.b step',
    'span begins a$d filesystem',
    'span begins a$d.e step',
    'span ends a$d.e step',
    'span ends a$d filesystem',
    'span ends a run',
  ])
  expect(lines.every(({fields, level}) => fields['subsystem'] === 'trace.data' && level === 'debug')).toBe(
    true,
  )
})

test('a span of the far side has its facts in our log, and nothing that our lines say of themselves', () => {
  const {span, lines} = root()
  span.adopt({
    stack: 'a.b.c',
    annotation: 'zfs list',
    startUs: 0,
    endUs: 1_500_000,
    host: 'ssh backup',
    fields: {exitCode: 0, job: 'forged', SUBSYSTEM: 'forged', side: 'forged'},
  })
  expect(lines.at(-1)?.fields).toEqual({
    subsystem: 'trace.data',
    exitCode: 0,
    span: 'a.b.c',
    annotation: 'zfs list',
    duration_s: '1.500',
    host: 'ssh backup',
  })
})

test('tasks go on beside each other and beside a span', () => {
  const {span, kept} = root()
  const [first, second, inner] = [span.task('one'), span.task('two'), span.child('three')]
  for (const each of [second, inner, first, span]) each.end()
  expect(stacks(kept)).toEqual(['a$c', 'a.d', 'a$b', 'a'])
})

test.each<[string, (span: Span) => void]>([
  ['a span begins beside another one', (span) => [span.child('x'), span.child('y')]],
  [
    'a span ends before what is inside it',
    (span) => {
      span.task('x')
      span.end()
    },
  ],
  [
    'a span begins in one that has ended',
    (span) => {
      span.end()
      span.child('x')
    },
  ],
])('in tests it is a mistake that %s', (mistake, misuse) => {
  expect(() => misuse(root().span)).toThrow(mistake)
})

test('in the field a span that begins beside another one becomes a task', () => {
  const {span, kept, mistakes} = root({heal: true})
  const [first, second] = [span.child('x'), span.child('y')]
  first.end()
  second.end()
  expect(stacks(kept)).toEqual(['a.b', 'a$c'])
  expect(mistakes).toEqual(['a span begins beside another one of its task'])
})

test('in the field what is inside a span that ends, ends with it', () => {
  const {span, kept, mistakes} = root({heal: true})
  const child = span.child('step')
  const inner = child.child('zfs receive', {filesystem: 'p/a'})
  span.end()
  inner.end({exitCode: 0})
  expect(kept.map(({stack, fields}) => [stack, fields])).toEqual([
    ['a.b.c', {filesystem: 'p/a', unended: true}],
    ['a.b', {unended: true}],
    ['a', {}],
  ])
  expect(new Set(mistakes)).toEqual(new Set(['a span ends before what is inside it']))
})

test('in the field what begins in a span that has ended, begins in the nearest one that has not', () => {
  const {span, kept, mistakes} = root({heal: true})
  const child = span.child('step')
  child.end()
  child.child('late').end()
  expect(stacks(kept)).toEqual(['a.b', 'a.c'])
  expect(mistakes).toEqual(['a span begins in one that has ended'])
})

test('facts come from the beginning, the middle and the end, and an end counts once', () => {
  const {span, kept} = root()
  const child = span.child('step', {from: '@a'})
  child.add({bytes: 1n})
  child.end({exitCode: 0})
  child.end({exitCode: 1})
  expect(kept.map(({fields}) => fields)).toEqual([{from: '@a', bytes: 1n, exitCode: 0}])
})

test('with nobody to tell, a span reads no clock and none of its facts', () => {
  const reads: string[] = []
  const clock = {
    now: () => 0,
    monotonic: () => {
      reads.push('clock')
      return 0
    },
    sleep: async () => {},
  }
  const fields = new Proxy(
    {argv: ['zfs']},
    {
      get: (_, key) => reads.push(String(key)),
      ownKeys: () => {
        reads.push('keys')
        return []
      },
    },
  )
  const work = (level: LogLine['level'], keeper?: SpanKeeper) => {
    const log = createLogs(clock, level, () => {})
    const span = createRootSpan({clock, log, newId: randomSpanId, keeper, onMisuse: throwMisuse}, 'run')
    reads.length = 0
    const child = span.child('step', fields)
    child.add(fields)
    child.end(fields)
    span.end()
    return reads.length
  }
  expect(work('info')).toBe(0)
  expect(work('debug')).toBeGreaterThan(0)
  expect(work('info', {begin: () => {}, end: () => {}})).toBeGreaterThan(0)
})

test('what becomes known of a span is kept before it ends, and nothing after', () => {
  const begun: Fields[] = []
  const keeper = {begin: ({fields}: {fields: Fields}) => void begun.push(fields), end: () => {}}
  const clock = {now: () => 0, monotonic: () => 0, sleep: async () => {}}
  const log = createLogs(clock, 'error', () => {})
  const span = createRootSpan({clock, log, newId: () => 'x', keeper, onMisuse: throwMisuse}, 'run')
  span.add({bytes: 1n})
  span.add({bytes: 2n, peer: 'far'})
  span.end()
  span.add({bytes: 3n})
  expect(begun).toEqual([{}, {bytes: 1n}, {bytes: 2n, peer: 'far'}])
})

test('a wall clock that is set while a span lasts changes nothing', () => {
  let wallMs = 5_000_000
  let monotonicMs = 700
  const clock = {now: () => wallMs, monotonic: () => monotonicMs, sleep: async () => {}}
  const {span, kept} = root({clock})
  wallMs -= 3_600_000
  monotonicMs += 2
  const child = span.child('step')
  monotonicMs += 3
  child.end()
  expect(kept.map(({startUs, endUs}) => [startUs, endUs])).toEqual([[5_000_002_000, 5_000_005_000]])
})

test('a span of a request lies below the one that caused it, and ids are zrepl’s', () => {
  const clock = {now: () => 0, monotonic: () => 0, sleep: async () => {}}
  const log = createLogs(clock, 'error', () => {})
  const span = createRootSpan(
    {clock, log, newId: () => 'x', onMisuse: throwMisuse},
    'serve',
    'Uv38$JVXJ.DxEM',
  )
  expect([span.stack, span.kept]).toEqual(['Uv38$JVXJ.DxEM.x', false])
  expect(['Uv38$JVXJ.DxEM', 'Uv38$JVXJ', 'Uv38'].map(stackAbove)).toEqual(['Uv38$JVXJ', 'Uv38', undefined])
  expect(randomSpanId()).toMatch(/^[A-Za-z0-9+/]{4}$/)
})
