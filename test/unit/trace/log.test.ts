import {expect, test} from 'vitest'
import type {Clock} from '../../../src/lib/core/context.ts'
import {createLogs} from '../../../src/lib/trace/log.ts'
import {formatLogLine, type LogLine, type LogLook} from '../../../src/lib/trace/log-line.ts'

const clock: Clock = {
  now: () => Date.UTC(2026, 0, 2, 3, 4, 5, 6),
  monotonic: () => 0,
  sleep: async () => undefined,
}
const LOOK = {time: true, level: true, color: false} as const

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
  expect(formatLogLine(line, {...LOOK, format: 'human'})).toBe(
    '2026-01-02T03:04:05.006Z [WARN][offsite][a.b]: step failed filesystem="p/a\\\\x0ab" guid="9223372036854775808" argv="zfs list"',
  )
})

test('logfmt lines quote what needs it', () => {
  expect(formatLogLine(line, {...LOOK, format: 'logfmt'})).toBe(
    'time=2026-01-02T03:04:05.006Z level=warn msg="step failed" job=offsite span=a.b filesystem=p/a\\x0ab guid=9223372036854775808 argv="zfs list"',
  )
})

test('JSON lines keep numbers beyond 2^53 as text', () => {
  expect(JSON.parse(formatLogLine(line, {...LOOK, format: 'json'}))).toEqual({
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

test.each<[string, Partial<LogLook>, string]>([
  [
    'logfmt',
    {format: 'logfmt'},
    'time=2026-01-02T03:04:05.006Z level=warn msg="step failed" fields.time=1999 fields.level=info fields.msg="all is well" fields.n=1',
  ],
  [
    'JSON',
    {format: 'json'},
    '{"time":"2026-01-02T03:04:05.006Z","level":"warn","msg":"step failed","fields.time":1999,"fields.level":"info","fields.msg":"all is well","fields.n":1}',
  ],
  [
    'JSON without what the syslog keeps',
    {format: 'json', time: false, level: false},
    '{"msg":"step failed","fields.time":1999,"fields.level":"info","fields.msg":"all is well","fields.n":1}',
  ],
])('no field takes the place of time, level or message in %s', (_, look, expected) => {
  const fields = {time: 1999, level: 'info', msg: 'all is well', 'fields.n': 1}
  expect(formatLogLine({...line, fields}, {...LOOK, format: 'human', ...look})).toBe(expected)
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

test.each<[string, Partial<LogLook>, string]>([
  [
    'for a terminal',
    {format: 'human', color: true},
    '2026-01-02T03:04:05.006Z [\u001b[33mWARN\u001b[0m][offsite][a.b]: step failed n="1"',
  ],
  ['for a syslog', {format: 'human', time: false, level: false}, '[offsite][a.b]: step failed n="1"'],
  [
    'without the time',
    {format: 'logfmt', time: false},
    'level=warn msg="step failed" job=offsite span=a.b n=1',
  ],
  [
    'for a syslog, as JSON',
    {format: 'json', time: false, level: false},
    '{"msg":"step failed","job":"offsite","span":"a.b","n":1}',
  ],
  [
    'colours are for people',
    {format: 'logfmt', color: true, time: false, level: false},
    'msg="step failed" job=offsite span=a.b n=1',
  ],
])('%s', (_, look, expected) => {
  const short = {...line, fields: {job: 'offsite', span: 'a.b', n: 1}}
  expect(formatLogLine(short, {...LOOK, format: 'human', ...look})).toBe(expected)
})

test('a line without anything around it', () => {
  expect(formatLogLine({...line, fields: {}}, {...LOOK, format: 'human', time: false, level: false})).toBe(
    'step failed',
  )
})
