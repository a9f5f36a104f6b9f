import {expect, test} from 'vitest'
import {createFarSpans} from '../../../src/lib/rpc/far-spans.ts'
import {createListener} from '../../../src/lib/rpc/listen.ts'
import {createLogs} from '../../../src/lib/trace/log.ts'
import type {LogLine} from '../../../src/lib/trace/log-line.ts'
import {createTestContext} from '../test-context.ts'

/** What is in our log when a peer tells a line with these fields on a connection of the job `offsite`. */
function relayed(fields: Readonly<Record<string, unknown>>): LogLine | undefined {
  const lines: LogLine[] = []
  const clock = {now: () => 0, monotonic: () => 0, sleep: async () => {}}
  const log = createLogs(clock, 'debug', (line) => lines.push(line), {
    job: 'offsite',
    span: 'AAAA.BBBB$CCCC',
    side: 'peer',
    peer: 'ssh backup',
  })
  const spans = {asked() {}, answered() {}, told() {}, end() {}}
  createListener(log, 'AAAA.BBBB$CCCC', spans, () => {})({
    told: 'log',
    level: 'info',
    message: 'done',
    fields,
  })
  return lines[0]
}

const OURS = {job: 'offsite', span: 'AAAA.BBBB$CCCC', side: 'peer', peer: 'ssh backup', subsystem: 'rpc'}

test('a line of a peer has its facts, and with whom it is told what it is', () => {
  expect(relayed({filesystem: 'tank/a', bytes: 7})).toEqual({
    timeMs: 0,
    level: 'info',
    message: 'done',
    fields: {...OURS, filesystem: 'tank/a', bytes: 7},
  })
})

test.each([
  'time',
  'level',
  'msg',
  'message',
  'job',
  'JOB',
  'j_o_b',
  'Subsystem',
  'span',
  'side',
  'peer',
  'host',
  'clientIdentity',
  'client_identity',
])('a peer does not say what %s is', (key) => {
  expect(relayed({[key]: 'forged'})?.fields).toEqual(OURS)
})

test.each([
  ['of the request that it serves', 'AAAA.BBBB$DDDD.EEEE', 'AAAA.BBBB$DDDD.EEEE'],
  ['of another run', 'AAAB.BBBB', OURS.span],
  ['that only begins alike', 'AAAAB.BBBB', OURS.span],
])('the work %s', (_, told, span) => {
  expect(relayed({span: told})?.fields).toEqual({...OURS, span})
})

/** A listener, and how many signs of life it has seen and what it has logged. */
function listen() {
  const lines: LogLine[] = []
  let signs = 0
  const far = createFarSpans('ssh backup')
  const listener = createListener(createTestContext(lines).log, 'AAAA', far, () => {
    signs += 1
  })
  const tell = (message: string, fields: object = {}) =>
    listener({told: 'log', level: 'info', message, fields})
  return {lines, tell, signs: () => signs}
}

const words = (count: number) =>
  Object.fromEntries(Array.from({length: count}, (_, index) => [`f${index}`, 'x'.repeat(2000)]))

test.each([
  ['short lines, ten thousand of them', {}, 10_000],
  // 25 fields of 2000 characters: 51,516 bytes each with what it costs to keep them.
  ['long lines, 8 MiB of them', words(25), 162],
])('of a peer that logs without end are shown: %s', (_, fields, shown) => {
  const {lines, tell, signs} = listen()
  for (let count = 0; count < 10_100; count += 1) tell('m', fields)
  const told = lines.filter(({fields: {subsystem}}) => subsystem === 'rpc')
  expect(told.filter(({message}) => message === 'm')).toHaveLength(shown)
  expect(told.slice(shown)).toMatchObject([
    {level: 'warn', message: 'the peer logs too much, the rest is not shown'},
  ])
  expect(signs()).toBe(10_100)
})
