import {describe, expect, test} from 'vitest'
import {findSnapshot, mustFindDataset} from '../../sim/pool.ts'
import {hostWithHistory, transfer, versionsOf, write, zfs} from './host.ts'

/** The numbers are those of the list of semantics that the model promises; see docs/reliability.md. */
describe('snapshots', () => {
  test('1: all of one command share a transaction group, and later ones have later ones', () => {
    const host = hostWithHistory()
    zfs(host, 'create tank/b')
    zfs(host, 'snapshot tank/a@3 tank/b@3')
    expect(findSnapshot(host, 'tank/a@3')?.createtxg).toBe(findSnapshot(host, 'tank/b@3')?.createtxg)
    expect(findSnapshot(host, 'tank/a@3')?.createtxg).toBeGreaterThan(
      findSnapshot(host, 'tank/a@2')?.createtxg ?? 0,
    )
  })

  test('2: all or none, and only one of each dataset', () => {
    const host = hostWithHistory()
    zfs(host, 'create tank/b')
    expect(zfs(host, 'snapshot tank/b@1 tank/a@1')).toBe(
      "1 cannot create snapshot 'tank/a@1': dataset already exists\nno snapshots were created",
    )
    expect(versionsOf(host, 'tank/b')).toBe('')
    expect(zfs(host, 'snapshot tank/a@x tank/a@y')).toContain('multiple snapshots of same fs not allowed')
  })

  test('3: creation is the host’s clock, which may go back; the order is not', () => {
    const host = hostWithHistory()
    host.skewMs = -86_400_000
    zfs(host, 'snapshot tank/a@3')
    const [two, three] = [findSnapshot(host, 'tank/a@2'), findSnapshot(host, 'tank/a@3')]
    expect(three?.creation).toBe((two?.creation ?? 0) - 86_400)
    expect(versionsOf(host, 'tank/a')).toBe('1 2 3')
  })

  test('4: most guids are beyond 2^53', () => {
    const {snapshots} = mustFindDataset(hostWithHistory(), 'tank/a')
    expect(snapshots.some(({guid}) => BigInt(guid) > 2n ** 53n)).toBe(true)
  })

  test('5: a dataset that is being received has none', async () => {
    const host = hostWithHistory()
    await transfer(host, 'tank/a@1', '-s -u tank/r@1', 2000)
    expect(zfs(host, 'snapshot tank/r@x')).toContain("cannot create snapshot 'tank/r@x': dataset is busy")
  })
})

describe('holds', () => {
  test('6: one after the other, each for itself', () => {
    const host = hostWithHistory()
    zfs(host, 'hold tag tank/a@1')
    expect(zfs(host, 'hold tag tank/a@1 tank/a@2 tank/a@9')).toBe(
      "1 cannot hold snapshot 'tank/a@1': tag already exists on this dataset\ncannot hold snapshot 'tank/a@9': dataset does not exist",
    )
    expect(zfs(host, 'holds -H tank/a@2')).toMatch(/^tank\/a@2\ttag\tTue Nov 14 22:13 2023\n$/)
    expect(zfs(host, 'hold .tag tank/a@1')).toMatch(/^2 tag may not start with/)
  })

  test('7: what is not held cannot be released', () => {
    const host = hostWithHistory()
    expect(zfs(host, 'release tag tank/a@1')).toBe(
      "1 cannot release hold from snapshot 'tank/a@1': no such tag on this dataset",
    )
    expect(zfs(host, 'release tag tank/a@9')).toContain('dataset does not exist')
  })

  test('8: the last release of a snapshot to be destroyed destroys it', () => {
    const host = hostWithHistory()
    zfs(host, 'hold tag tank/a@1')
    zfs(host, 'destroy -d tank/a@1')
    expect(versionsOf(host, 'tank/a')).toBe('1 2')
    zfs(host, 'release tag tank/a@1')
    expect(versionsOf(host, 'tank/a')).toBe('2')
  })
})

describe('destroy', () => {
  test('9: all or none; missing ones do not count; nothing left is an error', () => {
    const host = hostWithHistory('2.2.9')
    zfs(host, 'hold tag tank/a@1')
    expect(zfs(host, 'destroy tank/a@1,2')).toBe('1 cannot destroy snapshot tank/a@1: dataset is busy')
    expect(versionsOf(host, 'tank/a')).toBe('1 2')
    expect(zfs(host, 'destroy tank/a@2,9')).toBe('')
    expect(zfs(host, 'destroy tank/a@9')).toBe(
      '1 could not find any snapshots to destroy; check snapshot names.',
    )
  })

  test('9: from 2.3.2 on a hold is told from other reasons', () => {
    const host = hostWithHistory('2.3.2')
    zfs(host, 'hold tag tank/a@1')
    expect(zfs(host, 'destroy tank/a@1')).toBe(
      "1 cannot destroy snapshot tank/a@1: it's being held. Run 'zfs holds -r tank/a@1' to see holders.",
    )
  })

  test('9: clones are looked for first, a partial receive among them', async () => {
    const host = hostWithHistory()
    zfs(host, 'clone tank/a@1 tank/clone')
    expect(zfs(host, 'destroy tank/a@1')).toBe(
      "1 cannot destroy 'tank/a@1': snapshot has dependent clones\nuse '-R' to destroy the following datasets:\ntank/clone",
    )
    await transfer(host, 'tank/a@1', '-s -u tank/r@1')
    await transfer(host, '-i tank/a@1 tank/a@2', '-s -u tank/r@2', 900)
    expect(zfs(host, 'destroy tank/r@1')).toContain('tank/r/%recv')
  })

  test('10, 11: bookmarks outlive their snapshots, and a missing one is an error', () => {
    const host = hostWithHistory()
    zfs(host, 'bookmark tank/a@1 tank/a#b')
    zfs(host, 'destroy tank/a@1')
    expect(versionsOf(host, 'tank/a')).toBe('2 #b')
    zfs(host, 'destroy tank/a#b')
    expect(zfs(host, 'destroy tank/a#b')).toBe("1 bookmark 'tank/a#b' does not exist.")
  })
})

describe('bookmarks', () => {
  test('12: the version of their snapshot; a name is taken whatever it is taken by', () => {
    const host = hostWithHistory()
    zfs(host, 'bookmark tank/a@1 tank/a#b')
    const [bookmark] = mustFindDataset(host, 'tank/a').bookmarks
    expect(bookmark?.guid).toBe(findSnapshot(host, 'tank/a@1')?.guid)
    expect(zfs(host, 'bookmark tank/a@1 tank/a#b')).toBe(
      "1 cannot create bookmark 'tank/a#b': bookmark exists",
    )
    expect(zfs(host, 'bookmark tank/a#b tank/a#c')).toBe('')
    expect(zfs(host, 'bookmark tank/a@9 tank/a#d')).toMatch(
      /^2 cannot open 'tank\/a@9': dataset does not exist\nusage:/,
    )
  })

  test('12: 0.8 makes them of snapshots only', () => {
    const host = hostWithHistory('0.8.6')
    zfs(host, 'bookmark tank/a@1 tank/a#b')
    expect(zfs(host, 'bookmark tank/a#b tank/a#c')).toContain("must contain a '@'")
  })
})

describe('listings', () => {
  const LIST = 'list -Hp -t snapshot,bookmark -o name,guid,createtxg,creation,userrefs,clones -s createtxg'

  test('versions in order of their transaction group, bookmarks without userrefs', () => {
    const host = hostWithHistory()
    zfs(host, 'bookmark tank/a@1 tank/a#b')
    zfs(host, 'hold tag tank/a@2')
    const rows = zfs(host, `${LIST} -r tank`)
      .split('\n')
      .map((row) => row.split('\t'))
    expect(rows.map(([name, , , , userrefs]) => `${name} ${userrefs}`)).toEqual([
      'tank/a#b -',
      'tank/a@1 0',
      'tank/a@2 1',
      ' undefined',
    ])
  })

  test('38: what is missing is told, the rest is printed', () => {
    const host = hostWithHistory()
    expect(zfs(host, `${LIST} -d 1 -r tank/a tank/none`)).toBe(
      "1 cannot open 'tank/none': dataset does not exist",
    )
  })

  test('36, 37: only local values where only those are asked for', () => {
    const host = hostWithHistory()
    zfs(host, 'create -o zrepl:placeholder=on tank/p')
    zfs(host, 'create tank/p/child')
    const get =
      'get -Hp -r -t filesystem,volume -s local,default,none -o name,property,value,source zrepl:placeholder tank'
    expect(zfs(host, get)).toBe(
      'tank\tzrepl:placeholder\t-\t-\ntank/a\tzrepl:placeholder\t-\t-\ntank/p\tzrepl:placeholder\ton\tlocal\n',
    )
  })
})

test('33: rollback -r takes newer snapshots and bookmarks with it', () => {
  const host = hostWithHistory()
  zfs(host, 'bookmark tank/a@2 tank/a#b')
  expect(zfs(host, 'rollback tank/a@1')).toContain('more recent snapshots or bookmarks exist')
  expect(zfs(host, 'rollback -r tank/a@1')).toBe('')
  expect(versionsOf(host, 'tank/a')).toBe('1')
})

test('34: a dataset moves with all it has', () => {
  const host = hostWithHistory()
  const guid = findSnapshot(host, 'tank/a@1')?.guid
  zfs(host, 'rename tank/a tank/b')
  expect(versionsOf(host, 'tank/a')).toBe('-')
  expect(findSnapshot(host, 'tank/b@1')?.guid).toBe(guid)
})

test('what is not modelled is refused loudly', () => {
  const host = hostWithHistory()
  write(host, 'tank/a')
  for (const words of [
    'promote tank/a',
    'list tank',
    'destroy -R tank/a',
    'snapshot -r tank@x',
    'destroy tank/a@%',
  ])
    expect(() => zfs(host, words)).toThrow('not modelled')
})
