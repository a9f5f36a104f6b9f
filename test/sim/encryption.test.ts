import {describe, expect, test} from 'vitest'
import type {FilesystemReport} from '../../src/lib/report/report.ts'
import type {Fault} from './fault.ts'
import {ROOT_FS} from './jobs.ts'
import {mustFindDataset} from './pool.ts'
import {leftovers} from './quiescence.ts'
import {run} from './run.ts'
import {createWorld, passAnHour, receiverName, selectedDatasets, user, type World} from './world.ts'

type Direction = 'push' | 'pull'

/** root_fs is encrypted, its key is loaded, and what is made below it inherits that. */
function sealed(direction: Direction): World {
  const world = createWorld({direction})
  mustFindDataset(world.receiver, ROOT_FS).encryption = {root: ROOT_FS, keyLoaded: true}
  return world
}

async function replicate(world: World, faults: readonly Fault[] = []) {
  const {end, violations} = await run(world, {faults, phases: ['replicate']})
  const reports = end.kind === 'done' ? (end.outcome.replicate?.filesystems ?? []) : []
  return {
    status: end.kind === 'done' ? end.status : end.kind,
    violations: violations.map(({what}) => what),
    of: (filesystem: string) => reports.find((report) => report.filesystem === filesystem),
    told: reports.map(({filesystem, state, error}: FilesystemReport) =>
      [filesystem, state, ...(error === undefined ? [] : [error.code])].join(' '),
    ),
  }
}

const copyOf = (world: World, name: string) => mustFindDataset(world.receiver, receiverName(world, name))

describe.each(['push', 'pull'] as const)('%s', (direction) => {
  test('below an encrypted root everything that arrives is encrypted', async () => {
    const world = sealed(direction)
    expect(await replicate(world)).toMatchObject({status: 0, violations: []})
    for (const name of selectedDatasets(world)) expect(copyOf(world, name).encryption?.root).toBe(ROOT_FS)
    expect(leftovers(world)).toEqual([])
  })

  test('nothing is sent into something below it that is not encrypted', async () => {
    const world = sealed(direction)
    const above = receiverName(world, 'tank')
    const path = above.split('/')
    if (direction === 'push') user(world.receiver, 'create', path.slice(0, -1).join('/'))
    user(world.receiver, 'create', '-o', 'encryption=off', above)
    const {status, told, of} = await replicate(world)
    expect(status).toBe(1)
    expect(told).toEqual([
      'tank/data failed receive-policy',
      'tank/data/a b failed parent-failed',
      'tank/data/vol failed parent-failed',
    ])
    expect(of('tank/data')?.error?.message).toContain(
      `root_fs '${ROOT_FS}' is encrypted, but '${above}' is not encrypted`,
    )
    const names = Array.from(world.receiver.pools.get('vault')?.datasets.keys() ?? [])
    expect(names.filter((name) => name.startsWith(`${above}/`))).toEqual([])
  })

  test('what has arrived in the clear all the same fails, and is told', async () => {
    const world = sealed(direction)
    const above = receiverName(world, 'tank')
    const at = 'receive:0'
    const {status, told, of} = await replicate(world, [
      {kind: 'foreign', at, host: 'backup', argv: ['rename', above, `${ROOT_FS}/away`]},
      {kind: 'foreign', at, host: 'backup', argv: ['create', '-o', 'encryption=off', above]},
    ])
    expect(copyOf(world, 'tank/data').encryption).toBeUndefined()
    expect(status).toBe(1)
    expect(told[0]).toBe('tank/data failed receive-policy')
    expect(of('tank/data')?.error?.message).toContain('has arrived without encryption')
    expect(told.slice(1)).toEqual([
      'tank/data/a b failed parent-failed',
      'tank/data/vol failed parent-failed',
    ])

    // It is not called good by the next run either, nor gets anything more, until somebody has looked at it.
    const again = await replicate(world)
    expect({status: again.status, first: again.told[0]}).toEqual({
      status: 1,
      first: 'tank/data failed receive-policy',
    })
    passAnHour(world, 'later')
    const later = await replicate(world)
    expect(later.told[0]).toBe('tank/data failed receive-policy')
    expect(later.of('tank/data')?.error?.message).toContain('has arrived without encryption')
    expect(copyOf(world, 'tank/data').snapshots).toHaveLength(1)
  })

  test('a key that is not loaded on the sender stops its own filesystem only', async () => {
    const world = createWorld({direction})
    expect((await replicate(world)).status).toBe(0)
    const secret = mustFindDataset(world.sender, 'tank/data/a b')
    secret.encryption = {root: secret.name, keyLoaded: false}
    passAnHour(world, 'later')
    const {status, told, of} = await replicate(world)
    expect(status).toBe(1)
    expect(told).toEqual(['tank/data done', 'tank/data/a b failed key-not-loaded', 'tank/data/vol done'])
    expect(of(secret.name)?.error?.message).toContain("'tank/data/a b'")
    expect(of(secret.name)?.error?.hint).toContain('zfs load-key')

    secret.encryption = {root: secret.name, keyLoaded: true}
    expect(await replicate(world)).toMatchObject({status: 0, violations: []})
    expect(leftovers(world)).toEqual([])
  })
})
