import {expect, test} from 'vitest'
import type {Clock} from '../../../src/lib/core/context.ts'
import {createLog} from '../../../src/lib/trace/log.ts'
import {formatLogLine, type LogLine} from '../../../src/lib/trace/log-line.ts'
import {createRootSpan} from '../../../src/lib/trace/span.ts'

const clock: Clock = {
  now: () => Date.UTC(2026, 0, 2, 3, 4, 5, 6),
  monotonic: () => 0,
  sleep: async () => undefined,
}
const line: LogLine = {
  timeMs: clock.now(),
  level: 'warn',
  message: 'step failed',
  fields: {
    job: 'offsite',
    span: 'a.b',
    filesystem: 'p/a\nb',
    guid: 2n ** 63n,
    argv: ['zfs', 'list'],
    none: undefined,
  },
}

test('human lines have zrepl’s prefix, and no value can break out of its line', () => {
  expect(formatLogLine(line, 'human')).toBe(
    '2026-01-02T03:04:05.006Z [WARN][offsite][a.b]: step failed filesystem="p/a\\\\x0ab" guid="9223372036854775808" argv="zfs list"',
  )
})

test('logfmt lines quote what needs it', () => {
  expect(formatLogLine(line, 'logfmt')).toBe(
    'time=2026-01-02T03:04:05.006Z level=warn msg="step failed" job=offsite span=a.b filesystem=p/a\\x0ab guid=9223372036854775808 argv="zfs list"',
  )
})

test('JSON lines keep numbers beyond 2^53 as text', () => {
  expect(JSON.parse(formatLogLine(line, 'json'))).toEqual({
    time: '2026-01-02T03:04:05.006Z',
    level: 'warn',
    msg: 'step failed',
    job: 'offsite',
    span: 'a.b',
    filesystem: 'p/a\nb',
    guid: '9223372036854775808',
    argv: ['zfs', 'list'],
  })
})

test('a log injects its fields, the later ones win, and lower levels are dropped', () => {
  const lines: LogLine[] = []
  const log = createLog(clock, 'info', (line) => lines.push(line), {job: 'a', side: 'x'})
  log.with({side: 'y'}).info('told', {n: 1})
  log.debug('not told')
  expect(lines.map(({level, message, fields}) => ({level, message, fields}))).toEqual([
    {level: 'info', message: 'told', fields: {job: 'a', side: 'y', n: 1}},
  ])
})

test('a grep for the beginning of a span’s stack finds everything below it', () => {
  const lines: LogLine[] = []
  const ids = ['a', 'b', 'c', 'd'].values()
  const root = createRootSpan(
    {clock, log: createLog(clock, 'debug', (line) => lines.push(line)), newId: () => ids.next().value ?? ''},
    'run',
  )
  const child = root.child('step')
  const grandchild = child.child('zfs send')
  grandchild.end({exitCode: 0})
  child.end()
  root.child('prune').end()
  expect(lines.map(({message, fields}) => `${message} ${fields['span']} ${fields['annotation']}`)).toEqual([
    'span begins a run',
    'span begins a.b step',
    'span begins a.b.c zfs send',
    'span ends a.b.c zfs send',
    'span ends a.b step',
    'span begins a.d prune',
    'span ends a.d prune',
  ])
})
