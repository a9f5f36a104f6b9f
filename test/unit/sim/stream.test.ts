import {describe, expect, test} from 'vitest'
import {decodeResumeToken} from '../../../src/lib/zfs/resume-token.ts'
import {readStreamHeader} from '../../../src/lib/zfs/stream-header.ts'
import {findDataset, findSnapshot} from '../../sim/pool.ts'
import {prepareSend} from '../../sim/zfs/send.ts'
import {hostWithHistory, tokenOf, transfer, versionsOf, write, zfs} from './host.ts'

const LONG_TEXT = 'Partially received snapshot is saved.'

describe('send', () => {
  test('16: begins with a header of the real layout', () => {
    const host = hostWithHistory()
    const sending = prepareSend(host, ['-c', '-i', 'tank/a@1', 'tank/a@2'])
    if ('exitCode' in sending) throw new Error(sending.stderr)
    expect(readStreamHeader(sending.bytes)).toMatchObject({
      kind: 'header',
      compound: false,
      toguid: findSnapshot(host, 'tank/a@2')?.guid,
      fromguid: findSnapshot(host, 'tank/a@1')?.guid,
      toname: 'tank/a@2',
      objectType: 'filesystem',
      compressed: true,
      raw: false,
      resuming: false,
    })
  })

  test('13: the base has to be there and earlier', async () => {
    const host = hostWithHistory()
    expect(await transfer(host, '-i tank/a@2 tank/a@1', 'tank/r@1')).toBe(
      "warning: cannot send 'tank/a@1': not an earlier snapshot from the same fs",
    )
    expect(await transfer(host, '-i tank/a#b tank/a@1', 'tank/r@1')).toContain('does not exist')
  })

  test('an estimate is what comes', () => {
    const host = hostWithHistory()
    const sending = prepareSend(host, ['tank/a@1'])
    const length = 'bytes' in sending ? sending.bytes.length : 0
    expect(zfs(host, 'send -n -v -P tank/a@1')).toBe(`full\ttank/a@1\t${length}\nsize\t${length}\n`)
  })
})

describe('receive', () => {
  test('17: the name from the command line, all else from the stream', async () => {
    const host = hostWithHistory()
    expect(await transfer(host, 'tank/a@1', '-s -u tank/r@other')).toBe('ok')
    const [sent, received] = [findSnapshot(host, 'tank/a@1'), findSnapshot(host, 'tank/r@other')]
    expect(received).toMatchObject({guid: sent?.guid, creation: sent?.creation, content: sent?.content})
  })

  test('18: a full stream replaces nothing without -F, and with it nothing that has snapshots', async () => {
    const host = hostWithHistory()
    zfs(host, 'create tank/r')
    expect(await transfer(host, 'tank/a@1', 'tank/r@1')).toContain('must specify -F to overwrite it')
    expect(await transfer(host, 'tank/a@1', '-F tank/r@1')).toBe('ok')
    expect(await transfer(host, 'tank/a@2', '-F tank/r@2')).toContain('must destroy them to overwrite it')
  })

  test('19: an increment needs its base, and nothing written since', async () => {
    const host = hostWithHistory()
    const receive = () => transfer(host, '-i tank/a@1 tank/a@2', '-s -u tank/r@2')
    expect(await receive()).toContain("destination 'tank/r' does not exist")
    await transfer(host, 'tank/a@2', 'tank/x@2')
    zfs(host, 'rename tank/x tank/r')
    zfs(host, 'rename tank/r@2 tank/r@old')
    expect(await receive()).toContain('does not\nmatch incremental source')
    zfs(host, 'destroy -r tank/r')
    await transfer(host, 'tank/a@1', 'tank/r@1')
    write(host, 'tank/r')
    expect(await receive()).toBe(
      'cannot receive incremental stream: destination tank/r has been modified\nsince most recent snapshot',
    )
    zfs(host, 'rollback tank/r@1')
    zfs(host, 'snapshot tank/r@foreign')
    expect(await receive()).toBe('ok')
    expect(versionsOf(host, 'tank/r')).toBe('1 foreign 2')
  })

  test('20: what is there already is skipped; a name that is taken is an error', async () => {
    const host = hostWithHistory()
    await transfer(host, 'tank/a@1', 'tank/r@1')
    zfs(host, 'snapshot tank/r@2')
    expect(await transfer(host, '-i tank/a@1 tank/a@2', 'tank/r@2')).toBe(
      'cannot restore to tank/r@2: destination already exists',
    )
    expect(await transfer(host, '-i tank/a@1 tank/a@2', 'tank/r@3')).toBe('ok')
    expect(await transfer(host, '-i tank/a@1 tank/a@2', 'tank/r@3')).toBe('ok')
    expect(await transfer(host, '-i tank/a@1 tank/a@2', 'tank/r@4')).toContain('has been modified')
    expect(versionsOf(host, 'tank/r')).toBe('1 2 3')
  })
})

describe('an interrupted receive', () => {
  test('23: a new dataset goes when nothing is on disk, and stays with a token when something is', async () => {
    const host = hostWithHistory()
    expect(await transfer(host, 'tank/a@1', '-s -u tank/r@1', 900)).toBe(
      'cannot receive new filesystem stream: incomplete stream',
    )
    expect(versionsOf(host, 'tank/r')).toBe('-')
    expect(await transfer(host, 'tank/a@1', '-s -u tank/r@1', 1600)).toContain(LONG_TEXT)
    expect(versionsOf(host, 'tank/r')).toBe('')
    expect(decodeResumeToken(tokenOf(host, 'tank/r'))).toMatchObject({
      kind: 'resumable',
      toguid: findSnapshot(host, 'tank/a@1')?.guid,
      fromguid: undefined,
      toname: 'tank/a@1',
    })
  })

  test('23: an increment keeps a token also when nothing is on disk, but nothing without a second record', async () => {
    const host = hostWithHistory()
    await transfer(host, 'tank/a@1', 'tank/r@1')
    await transfer(host, '-i tank/a@1 tank/a@2', '-s -u tank/r@2', 623)
    expect(tokenOf(host, 'tank/r')).toBe('-')
    await transfer(host, '-i tank/a@1 tank/a@2', '-s -u tank/r@2', 624)
    expect(decodeResumeToken(tokenOf(host, 'tank/r'))).toMatchObject({kind: 'resumable', bytes: 0n})
  })

  test('23: without -s nothing is kept', async () => {
    const host = hostWithHistory()
    await transfer(host, 'tank/a@1', '-u tank/r@1', 1600)
    expect(versionsOf(host, 'tank/r')).toBe('-')
  })

  test('21, 31: is in the way of everything but its continuation', async () => {
    const host = hostWithHistory()
    await transfer(host, 'tank/a@1', 'tank/r@1')
    await transfer(host, '-i tank/a@1 tank/a@2', '-s -u tank/r@2', 1200)
    expect(await transfer(host, '-i tank/a@1 tank/a@2', '-s -u tank/r@2')).toContain(
      'partially-complete state',
    )
  })

  test('22, 24, 25: is continued from where it is on disk, and commits as a whole', async () => {
    const host = hostWithHistory()
    await transfer(host, 'tank/a@1', '-s -u tank/r@1', 1600)
    expect(await transfer(host, `-t ${tokenOf(host, 'tank/r')}`, '-s -u tank/r@1')).toBe('ok')
    expect(findSnapshot(host, 'tank/r@1')?.content).toEqual(findSnapshot(host, 'tank/a@1')?.content)
    expect(tokenOf(host, 'tank/r')).toBe('-')
  })

  test.each([
    [
      '2.1.11',
      'cannot receive incremental stream: destination tank/r has been modified\nsince most recent snapshot',
    ],
    [
      '2.2.9',
      "cannot receive resume stream: Resuming recv on existing destination 'tank/r'\nmust specify -F to overwrite it",
    ],
  ] as const)('22: %s, over a dataset that exists: %s', async (profile, outcome) => {
    const host = hostWithHistory(profile)
    zfs(host, 'create tank/r')
    await transfer(host, 'tank/a@1', '-s -F tank/r@1', 1600)
    expect(await transfer(host, `-t ${tokenOf(host, 'tank/r')}`, '-s -u tank/r@1')).toBe(outcome)
    const token = tokenOf(host, 'tank/r')
    expect(await transfer(host, `-t ${token}`, '-s -F tank/r@1')).toBe('ok')
  })

  test('26: a snapshot that has come meanwhile spoils the end, and the token stays', async () => {
    const host = hostWithHistory()
    await transfer(host, 'tank/a@1', 'tank/r@1')
    await transfer(host, '-i tank/a@1 tank/a@2', '-s -u tank/r@2', 1200)
    zfs(host, 'snapshot tank/r@foreign')
    const token = tokenOf(host, 'tank/r')
    expect(await transfer(host, `-t ${token}`, '-s -u tank/r@2')).toContain('kernel modules must be upgraded')
    expect(tokenOf(host, 'tank/r')).not.toBe('-')
  })

  test('30: -A takes the state, and a dataset that was nothing else', async () => {
    const host = hostWithHistory()
    expect(zfs(host, 'receive -A tank/a')).toBe(
      "1 'tank/a' does not have any resumable receive state to abort",
    )
    await transfer(host, 'tank/a@1', '-s -u tank/r@1', 1600)
    expect(zfs(host, 'receive -A tank/r')).toBe('')
    expect(findDataset(host, 'tank/r')).toBeUndefined()
    await transfer(host, 'tank/a@1', 'tank/r@1')
    await transfer(host, '-i tank/a@1 tank/a@2', '-s -u tank/r@2', 1200)
    zfs(host, 'receive -A tank/r')
    expect(versionsOf(host, 'tank/r')).toBe('1')
  })

  test('a token that names what is not there any more says so', async () => {
    const host = hostWithHistory()
    await transfer(host, 'tank/a@1', '-s -u tank/r@1', 1600)
    const token = tokenOf(host, 'tank/r')
    zfs(host, 'destroy tank/a@1')
    expect(await transfer(host, `-t ${token}`, '-s -u tank/r@1')).toContain(
      'used in the initial send no longer exists',
    )
    zfs(host, 'snapshot tank/a@1')
    expect(await transfer(host, `-t ${token}`, '-s -u tank/r@1')).toContain('is no longer the same snapshot')
  })
})
