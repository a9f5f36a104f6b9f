import {afterAll, beforeAll, expect, test} from 'vitest'
import {type Lab, openLab} from './lab.ts'
import {bookmarks, digestTree, guidHex, holds, poolHistory, snapshots, zrepl} from './scenario.ts'

let lab: Lab
let src: string
let dst: string
let destroy: () => Promise<void>

const CONFIG = '/etc/zrepl/pull.yml'

beforeAll(async () => {
  lab = await openLab()
  ;({src, dst, destroy} = await lab.pools())
  const connect = await lab.authorize('puller', CONFIG)
  await lab.ok(
    `zfs create ${src}/data && zfs create '${src}/data/a b' && zfs create -V 16M ${src}/data/vol && zfs create ${dst}/pulled`,
  )
  await lab.writeFile(CONFIG, pullConfig(connect))
})

afterAll(async () => {
  await destroy?.()
  await lab?.close()
})

function pullConfig(connect: string): string {
  return `jobs:
  - name: prod
    type: source
    filesystems:
      "${src}/data<": true
      "${src}/data/secret<": false
    snapshotting:
      type: manual
    serve:
      type: stdinserver
      client_identities: [puller]
  - name: fetch
    type: pull
${connect}
    root_fs: ${dst}/pulled
    interval: manual
    recv:
      placeholder:
        encryption: inherit
    conflict_resolution:
      initial_replication: all
    pruning:
      keep_sender:
        - type: last_n
          count: 1
      keep_receiver:
        - type: last_n
          count: 2
`
}

const run = (words: string) => zrepl(lab, `${words} --config ${CONFIG}`)
const FILESYSTEMS = ['data', 'data/a b', 'data/vol'] as const
const received = (filesystem: string) => `${dst}/pulled/${src}/${filesystem}`

test('three rounds arrive, each an increment of the one before', async () => {
  for (const round of ['one', 'two', 'three']) {
    await lab.ok(
      `echo ${round} >>'/mnt/${src}/data/a b/file'; head -c 100000 /dev/urandom >/mnt/${src}/data/${round}; sync`,
    )
    const snap = await run(`snap prod --name ${round}`)
    expect(snap.exitCode).toBe(0)
    const {report, exitCode, stderr} = await run('replicate fetch')
    expect(stderr).toBe('')
    expect(exitCode).toBe(0)
    expect(
      report.replicate?.filesystems.map(
        ({state, steps}) => `${state} ${steps.map(({from, to}) => `${from ?? 'full'} ${to}`)}`,
      ),
    ).toEqual(FILESYSTEMS.map(() => `done ${{one: 'full', two: '@one', three: '@two'}[round]} @${round}`))
  }
})

test.each(FILESYSTEMS)('%s is equal on both sides: guids, contents, cursor and hold', async (name) => {
  const ours = await snapshots(lab, `${src}/${name}`)
  expect(ours.map((line) => line.split(' ')[0])).toEqual(['one', 'two', 'three'])
  expect(await snapshots(lab, received(name))).toEqual(ours)
  if (name !== 'data/vol') {
    expect(await digestTree(lab, `${received(name)}@three`)).toBe(
      await digestTree(lab, `${src}/${name}@three`),
    )
  }
  const newest = ours.at(-1)?.split(' ')[1] ?? ''
  expect(await bookmarks(lab, `${src}/${name}`)).toEqual([`zrepl_CURSOR_G_${guidHex(newest)}_J_prod`])
  expect(await holds(lab, received(name))).toEqual(['three zrepl_last_received_J_fetch'])
})

test('a second run changes nothing on either side', async () => {
  const before = [await poolHistory(lab, src), await poolHistory(lab, dst)]
  const {report, exitCode} = await run('replicate fetch')
  expect(exitCode).toBe(0)
  expect(report.replicate?.filesystems.map(({state}) => state)).toEqual([
    'up-to-date',
    'up-to-date',
    'up-to-date',
  ])
  expect([await poolHistory(lab, src), await poolHistory(lab, dst)]).toEqual(before)
})

test('the pulling side prunes both sides by the rules', async () => {
  const {exitCode} = await run('prune fetch')
  expect(exitCode).toBe(0)
  for (const name of FILESYSTEMS) {
    expect((await snapshots(lab, `${src}/${name}`)).map((line) => line.split(' ')[0])).toEqual(['three'])
    expect((await snapshots(lab, received(name))).map((line) => line.split(' ')[0])).toEqual(['two', 'three'])
  }
})

test('the cursor carries increments on after its snapshot has gone', async () => {
  await run('snap prod --name four')
  await lab.ok(`for fs in data 'data/a b' data/vol; do zfs destroy "${src}/$fs@three"; done\n`)
  const {report, exitCode} = await run('replicate fetch')
  expect(exitCode).toBe(0)
  expect(report.replicate?.filesystems.map(({steps}) => steps.map(({from}) => from?.slice(0, 15)))).toEqual(
    FILESYSTEMS.map(() => ['#zrepl_CURSOR_G_']).map(([name]) => [name?.slice(0, 15)]),
  )
  for (const name of FILESYSTEMS) expect(await bookmarks(lab, `${src}/${name}`)).toHaveLength(1)
})

test('the source’s filter is what a client can see', async () => {
  await lab.ok(`zfs create ${src}/data/secret && zfs snapshot ${src}/data/secret@one`)
  const {report, exitCode} = await run('replicate fetch')
  expect(exitCode).toBe(0)
  expect(report.replicate?.filesystems.map(({filesystem}) => filesystem)).toEqual(
    FILESYSTEMS.map((name) => `${src}/${name}`),
  )
  expect((await lab.sh(`zfs list ${received('data/secret')}\n`)).exitCode).toBe(1)
})
