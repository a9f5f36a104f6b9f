import {expect, test} from 'vitest'
import {createListener} from '../../../src/lib/rpc/listen.ts'
import {createLogs} from '../../../src/lib/trace/log.ts'
import type {LogLine} from '../../../src/lib/trace/log-line.ts'

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
