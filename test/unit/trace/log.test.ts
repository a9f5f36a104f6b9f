import {expect, test} from 'vitest'
import type {Clock} from '../../../src/lib/core/context.ts'
import {createLogs} from '../../../src/lib/trace/log.ts'
import {formatLogLine, type LogLine} from '../../../src/lib/trace/log-line.ts'

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
  const logs = createLogs(clock, 'info', (line) => lines.push(line), {job: 'a', side: 'x'})
  logs.with({side: 'y'}).of('repl').info('told', {n: 1})
  logs.of('repl').debug('not told')
  expect(lines.map(({level, message, fields}) => ({level, message, fields}))).toEqual([
    {level: 'info', message: 'told', fields: {job: 'a', side: 'y', subsystem: 'repl', n: 1}},
  ])
  expect([logs.tells('debug'), logs.tells('info'), logs.tells('error')]).toEqual([false, true, true])
})
