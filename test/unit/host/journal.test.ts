import {fstatSync} from 'node:fs'
import {expect, test} from 'vitest'
import {findJournal, formatEntry} from '../../../src/lib/host/journal.ts'
import {listenForDatagrams} from './datagram-listener.ts'
import {temporaryDirectory} from './helpers.ts'

function ownStderr(): string {
  const {dev, ino} = fstatSync(2, {bigint: true})
  return `${dev}:${ino}`
}

test('the journal that our stderr goes to gets entries with their fields', () => {
  using directory = temporaryDirectory()
  const socket = `${directory.path}/journal`
  using listener = listenForDatagrams(socket)
  const journal = findJournal({JOURNAL_STREAM: ownStderr()}, socket)
  expect(journal?.send('it broke', 'error', {job: 'offsite', durationMs: 7, none: undefined})).toBe(true)
  expect(listener.next()).toBe(
    'MESSAGE=it broke\nPRIORITY=3\nSYSLOG_IDENTIFIER=zrepl\nZREPL_JOB=offsite\nZREPL_DURATION_MS=7\n',
  )
})

test('what has line ends in it cannot forge a field', () => {
  const entry = Buffer.from(formatEntry('a', 'info', {argv: ['zfs', 'x\nPRIORITY=0'], 'odd.key': 2n ** 63n}))
  const value = 'zfs x\nPRIORITY=0'
  expect(entry.toString('latin1')).toBe(
    `MESSAGE=a\nPRIORITY=6\nSYSLOG_IDENTIFIER=zrepl\nZREPL_ARGV\n${String.fromCharCode(value.length)}${'\0'.repeat(7)}${value}\nZREPL_ODD_KEY=9223372036854775808\n`,
  )
})

test('of fields that have one name in a journal the first counts, which is ours', () => {
  const entry = Buffer.from(
    formatEntry('a', 'info', {
      clientIdentity: undefined,
      job: 'offsite',
      JOB: 'forged',
      client_identity: 'x',
    }),
  )
  expect(entry.toString()).toBe(
    'MESSAGE=a\nPRIORITY=6\nSYSLOG_IDENTIFIER=zrepl\nZREPL_JOB=offsite\nZREPL_CLIENT_IDENTITY=x\n',
  )
})

test('a journal that is not there has not taken it; one that our stderr does not go to is not asked', () => {
  using directory = temporaryDirectory()
  const socket = `${directory.path}/journal`
  expect(findJournal({JOURNAL_STREAM: ownStderr()}, socket)?.send('a', 'info', {})).toBe(false)
  expect(findJournal({JOURNAL_STREAM: '1:2'}, socket)).toBeUndefined()
  expect(findJournal({}, socket)).toBeUndefined()
})
