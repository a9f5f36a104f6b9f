import {createHash} from 'node:crypto'
import {afterAll, beforeAll, expect, test} from 'vitest'
import {type Lab, openLab} from './lab.ts'
import {bookmarks, guidHex, holds, snapshots} from './scenario.ts'
import type {Result} from './ssh.ts'

let lab: Lab
let src: string
let dst: string
let destroy: () => Promise<void>
/** Guids of the snapshots of src/data as they stand in names of bookmarks: `hex[0]` is that of @1. */
let hex: readonly string[]

const CONFIG = '/etc/zrepl/abstractions.yml'

const pushJob = (name: string, identity: string, filesystem: string) => `
  - name: ${name}
    type: push
    connect: {type: local, listener_name: sink, client_identity: ${identity}}
    filesystems: {"${filesystem}": true}
    snapshotting: {type: manual}
    pruning: {keep_sender: [{type: last_n, count: 5}], keep_receiver: [{type: last_n, count: 5}]}`

async function writeConfig(...jobs: readonly string[]): Promise<void> {
  await lab.writeFile(
    CONFIG,
    `jobs:${jobs.join('')}
  - name: backups
    type: sink
    root_fs: ${dst}/sink
    serve: {type: local, listener_name: sink}
`,
  )
}

const run = (words: string): Promise<Result> => lab.sh(`cd / && zrepl ${words}\n`)

/** What is there, whoever made it: `where name` of every hold and bookmark. */
async function everything(): Promise<readonly string[]> {
  const [data, copy] = [`${src}/data`, `${dst}/sink/data`]
  const holdsOf = async (dataset: string) => (await holds(lab, dataset)).map((hold) => `${dataset}@${hold}`)
  const names = (await bookmarks(lab, data)).map((name) => `${data}#${name}`)
  return [...(await holdsOf(data)), ...names, ...(await holdsOf(copy))].map(withoutGuid).toSorted()
}

/** Pools and guids differ from run to run. */
function withoutGuid(text: string): string {
  const numbered = hex.reduce((known, guid, index) => known.replaceAll(guid, `guid${index + 1}`), text)
  return numbered.replaceAll(src, 'src').replaceAll(dst, 'dst')
}

const lines = (text: string) => withoutGuid(text).trim().split('\n')

/** The same in one breath with a look at both pools' histories: every change adds to them, a look does not. */
async function changesNothing(words: string): Promise<Result> {
  const result = await lab.sh(`cd /
history() { zpool history -i ${src} | wc -l; zpool history -i ${dst} | wc -l; }
before=$(history)
zrepl ${words}
status=$?
[ "$before" = "$(history)" ] || echo 'THE POOLS WERE CHANGED' >&2
exit $status
`)
  expect(result.stderr).not.toContain('THE POOLS WERE CHANGED')
  return result
}

const FOREIGN = [
  'src/data#mine',
  'src/data#zrepl_CURSOR_G_guid4_J_a',
  'src/data@1 keep',
  'src/data@1 zrepl_STEP',
]

beforeAll(async () => {
  lab = await openLab()
  ;({src, dst, destroy} = await lab.pools())
  const data = `${src}/data`
  await lab.ok(`zfs create ${data} && zfs create -p ${dst}/sink/data
for n in 1 2 3 4; do zfs snapshot ${data}@$n; done
for n in 1 2; do zfs snapshot ${dst}/sink/data@$n; done
`)
  hex = (await snapshots(lab, data)).map((line) => guidHex(line.split(' ')[1] ?? ''))
  await lab.ok(`set -e
bookmark() { zfs bookmark "${data}@$1" "${data}#$2"; }
zfs hold keep ${data}@1
zfs hold zrepl_STEP ${data}@1
bookmark 1 mine
bookmark 1 zrepl_CURSOR_G_${hex[3]}_J_a
bookmark 1 zrepl_replication_cursor
bookmark 1 zrepl_STEP_G_${hex[0]}_J_a
bookmark 1 zrepl_CURSOR_G_${hex[0]}_J_a
bookmark 2 zrepl_CURSOR_G_${hex[1]}_J_a
bookmark 3 zrepl_CURSORTENTATIVE__G_${hex[2]}_J_a
for n in 1 2 3; do zfs hold zrepl_STEP_J_a ${data}@$n; done
for n in 1 2; do zfs hold zrepl_STEP_J_b ${data}@$n; done
for n in 1 2; do zfs hold zrepl_last_received_J_backups ${dst}/sink/data@$n; done
`)
  await writeConfig(pushJob('a', 'me', `${src}/data<`))
})

afterAll(async () => {
  await destroy?.()
  await lab?.close()
})

const OURS_OF_A = [
  'replication-cursor-bookmark-v2 src/data#zrepl_CURSOR_G_guid1_J_a',
  'step-bookmark src/data#zrepl_STEP_G_guid1_J_a',
  'step-hold "zrepl_STEP_J_a" on src/data@1',
  'replication-cursor-bookmark-v2 src/data#zrepl_CURSOR_G_guid2_J_a',
  'step-hold "zrepl_STEP_J_a" on src/data@2',
  'tentative-replication-cursor-bookmark-v2 src/data#zrepl_CURSORTENTATIVE__G_guid3_J_a',
  'step-hold "zrepl_STEP_J_a" on src/data@3',
]
const OURS_OF_B = ['step-hold "zrepl_STEP_J_b" on src/data@1', 'step-hold "zrepl_STEP_J_b" on src/data@2']
const OURS_OF_SINK = [
  'last-received-hold "zrepl_last_received_J_backups" on dst/sink/data@1',
  'last-received-hold "zrepl_last_received_J_backups" on dst/sink/data@2',
]
const V1 = 'replication-cursor-bookmark-v1 src/data#zrepl_replication_cursor'

async function listed(words: string): Promise<readonly string[]> {
  const {stdout, stderr, exitCode} = await changesNothing(`${words} --json`)
  expect({stderr, exitCode}).toEqual({stderr: '', exitCode: 0})
  const texts = stdout.split('\n').filter((line) => line !== '')
  return texts.map((line) => withoutGuid((JSON.parse(line) as {String: string}).String)).toSorted()
}

test('everything of ours on all pools is listed, without a configuration, and nothing else', async () => {
  expect(await listed('holds list')).toEqual([V1, ...OURS_OF_A, ...OURS_OF_B, ...OURS_OF_SINK].toSorted())
  expect(await listed(`holds list ${src}/data --job b`)).toEqual(OURS_OF_B)
  expect(await listed(`holds list '${src}<' --type replication-cursor-bookmark-v1,step-bookmark`)).toEqual([
    V1,
    'step-bookmark src/data#zrepl_STEP_G_guid1_J_a',
  ])
  expect(await listed(`holds list ${src}`)).toEqual([])
  expect(await listed(`zfs-abstraction list --fs '${src}<:!,${dst}<:ok'`)).toEqual(OURS_OF_SINK)
})

test('the table marks jobs that are not configured', async () => {
  const {stdout} = await changesNothing(`holds list '${src}<' --type step-hold --config ${CONFIG}`)
  expect(lines(stdout).map((line) => line.split(/ {2,}/).toSpliced(2, 1))).toEqual([
    ['TYPE', 'JOB', 'VERSION', 'TAG'],
    ...[1, 2, 3].flatMap((n) => [
      ['step-hold', 'a', `src/data@${n}`, 'zrepl_STEP_J_a'],
      ...(n < 3 ? [['step-hold', 'b (not configured)', `src/data@${n}`, 'zrepl_STEP_J_b']] : []),
    ]),
  ])
})

test('a filesystem that does not exist is told of', async () => {
  const {stdout, stderr, exitCode} = await changesNothing(`holds list ${src}/gone ${dst}/sink/data`)
  expect(exitCode).toBe(1)
  expect(stderr).toContain(`dataset-missing: '${src}/gone' does not exist`)
  expect(lines(stdout)).toHaveLength(3)
})

test('test filesystems and test placeholder', async () => {
  const filtered = await changesNothing(`test filesystems --all --job a --config ${CONFIG}`)
  const verdicts = lines(filtered.stdout).map((line) => line.trimEnd())
  expect(verdicts.toSorted()).toEqual([
    'ACCEPT\tsrc/data',
    'REJECT\tdst',
    'REJECT\tdst/sink',
    'REJECT\tdst/sink/data',
    'REJECT\tsrc',
  ])
  const {stdout, stderr, exitCode} = await changesNothing(`test placeholder --dataset ${dst}/nowhere`)
  expect({stdout, exitCode}).toEqual({stdout: 'IS_PLACEHOLDER\tDATASET\tzrepl:placeholder\n', exitCode: 1})
  expect(stderr).toContain('does not exist')
})

const STALE = [
  'destroy replication-cursor-bookmark-v2 src/data#zrepl_CURSOR_G_guid1_J_a',
  'release step-hold "zrepl_STEP_J_a" on src/data@1',
  'release step-hold "zrepl_STEP_J_a" on src/data@2',
  'release step-hold "zrepl_STEP_J_b" on src/data@1',
  'release last-received-hold "zrepl_last_received_J_backups" on dst/sink/data@1',
]

test('release-stale --dry-run tells what is stale and changes nothing', async () => {
  const {stdout, exitCode} = await changesNothing('zfs-abstraction release-stale --dry-run')
  expect(exitCode).toBe(0)
  expect(lines(stdout).toSorted()).toEqual(STALE.map((order) => `would ${order}`).toSorted())
})

test('a job that is running keeps what it has', async () => {
  const {stdout, stderr, exitCode} = await lab.sh(
    `cd / && mkdir -p -m 700 /run/zrepl && flock /run/zrepl/a.lock zrepl zfs-abstraction release-stale --fs '${src}<'\n`,
  )
  expect(exitCode).toBe(5)
  expect(stderr).toContain("job 'a' is already running")
  expect(lines(stdout)).toEqual(['release step-hold "zrepl_STEP_J_b" on src/data@1: done'])
})

test('release-stale releases exactly that', async () => {
  const {stdout, stderr, exitCode} = await run('zfs-abstraction release-stale')
  expect({stderr, exitCode}).toEqual({stderr: '', exitCode: 0})
  expect(lines(stdout).toSorted()).toEqual(
    STALE.filter((order) => !order.includes('J_b"'))
      .map((order) => `${order}: done`)
      .toSorted(),
  )
  expect(await everything()).toEqual(
    [
      ...FOREIGN,
      'dst/sink/data@2 zrepl_last_received_J_backups',
      'src/data#zrepl_CURSORTENTATIVE__G_guid3_J_a',
      'src/data#zrepl_CURSOR_G_guid2_J_a',
      'src/data#zrepl_STEP_G_guid1_J_a',
      'src/data#zrepl_replication_cursor',
      'src/data@2 zrepl_STEP_J_b',
      'src/data@3 zrepl_STEP_J_a',
    ].toSorted(),
  )
  expect((await changesNothing('zfs-abstraction release-stale')).stdout).toBe('nothing of ours is stale\n')
})

test('migrate replication-cursor:v1-v2', async () => {
  const v1 = `destroy src/data#zrepl_replication_cursor`
  await writeConfig(pushJob('a', 'me', `${src}/data<`), pushJob('b', 'you', `${src}/data`))
  const two = await changesNothing(`migrate replication-cursor:v1-v2 --config ${CONFIG}`)
  expect(two.exitCode).toBe(4)
  expect(lines(two.stdout)).toEqual([`${v1}: conflict: it could be of any of the jobs a, b`])

  await writeConfig(pushJob('a', 'me', `${src}/data<`))
  const dry = await changesNothing(`migrate replication-cursor:v1-v2 --dry-run --config ${CONFIG}`)
  expect(dry.exitCode).toBe(0)
  expect(lines(dry.stdout)).toEqual([`would ${v1}: replaced by src/data#zrepl_CURSOR_G_guid2_J_a`])

  const {stdout, stderr, exitCode} = await run(`migrate replication-cursor:v1-v2 --config ${CONFIG}`)
  expect({stdout: withoutGuid(stdout), stderr, exitCode}).toEqual({
    stdout: `${v1}: done\n`,
    stderr: '',
    exitCode: 0,
  })
  expect(await listed('holds list --type replication-cursor-bookmark-v1')).toEqual([])
})

test('holds release takes ours, never what is somebody else’s', async () => {
  for (const words of [
    `${src}/data@1 keep`,
    `${src}/data@2 zrepl_STEP_J_b keep`,
    `${src}/data#mine`,
    `'${src}/data#zrepl_CURSOR_G_${hex[3]}_J_a'`,
  ]) {
    const {exitCode, stderr, stdout} = await changesNothing(`holds release ${words}`)
    expect({exitCode, stdout}).toEqual({exitCode: 2, stdout: ''})
    expect(stderr).toContain('is not ours')
  }
  const absent = await changesNothing(`holds release ${src}/data@1 zrepl_STEP_J_b`)
  expect(absent.exitCode).toBe(1)
  expect(absent.stderr).toContain('is not held by')

  const order = 'release step-hold "zrepl_STEP_J_b" on src/data@2'
  const dry = await changesNothing(`holds release ${src}/data@2 zrepl_STEP_J_b --dry-run`)
  expect(withoutGuid(dry.stdout)).toBe(`would ${order}\n`)
  expect(withoutGuid((await run(`holds release ${src}/data@2 zrepl_STEP_J_b`)).stdout)).toBe(
    `${order}: done\n`,
  )
  const mark = await run(`holds release '${src}/data#zrepl_STEP_G_${hex[0]}_J_a'`)
  expect(mark).toMatchObject({exitCode: 0, stderr: ''})
  expect(await listed(`holds list '${src}<'`)).toEqual([
    'replication-cursor-bookmark-v2 src/data#zrepl_CURSOR_G_guid2_J_a',
    'step-hold "zrepl_STEP_J_a" on src/data@3',
    'tentative-replication-cursor-bookmark-v2 src/data#zrepl_CURSORTENTATIVE__G_guid3_J_a',
  ])
})

test('migrate job-name, of a cursor whose snapshot is gone too', async () => {
  await lab.ok(`zfs destroy ${src}/data@2`)
  const unknown = await changesNothing(`migrate job-name x y --config ${CONFIG}`)
  expect(unknown.exitCode).toBe(2)
  await writeConfig(pushJob('c', 'me', `${src}/data<`))
  const dry = await changesNothing(`migrate job-name a c --dry-run --config ${CONFIG}`)
  expect(dry.exitCode).toBe(0)
  expect(lines(dry.stdout)).toHaveLength(3)
  expect(lines(dry.stdout)[0]).toMatch(/^would bookmark src\/data#zrepl_CURSOR_G_guid2_J_c, then destroy /)

  const {stderr, exitCode} = await run(`migrate job-name a c --config ${CONFIG}`)
  expect({stderr, exitCode}).toEqual({stderr: '', exitCode: 0})
  expect(await listed(`holds list '${src}<'`)).toEqual([
    'replication-cursor-bookmark-v2 src/data#zrepl_CURSOR_G_guid2_J_c',
    'step-hold "zrepl_STEP_J_c" on src/data@3',
    'tentative-replication-cursor-bookmark-v2 src/data#zrepl_CURSORTENTATIVE__G_guid3_J_c',
  ])
  expect((await changesNothing(`migrate job-name a c --config ${CONFIG}`)).stdout).toBe(
    'nothing of job a was found\n',
  )
})

test('migrate job-name leaves a filesystem alone on which the new name has gone on', async () => {
  await lab.ok(`zfs bookmark ${src}/data@1 ${src}/data#zrepl_CURSOR_G_${hex[0]}_J_a`)
  const {stdout, exitCode} = await changesNothing(`migrate job-name a c --config ${CONFIG}`)
  expect(exitCode).toBe(4)
  expect(lines(stdout)).toEqual([
    expect.stringMatching(
      /^rename what job a has left on src\/data: conflict: job c has a newer replication-cursor-bookmark-v2 there; /,
    ),
  ])
})

test('migrate 0.0.X:0.1:placeholder', async () => {
  const legacy = (dataset: string) => createHash('sha512-256').update(dataset).digest('hex')
  const [old, foreign] = [`${dst}/sink/old`, `${dst}/sink/foreign`]
  await lab.ok(
    `zfs create -o zrepl:placeholder=${legacy(old)} ${old} && zfs create ${old}/child && zfs create -o zrepl:placeholder=${legacy('x')} ${foreign}`,
  )
  const states = async () =>
    lines((await run('test placeholder --all')).stdout).filter((line) => /sink\//.test(line))
  const before = [
    'no\tdst/sink/data',
    `no\tdst/sink/foreign\t${legacy('x')}`,
    `yes\tdst/sink/old\t${legacy(old)}`,
    'no\tdst/sink/old/child',
  ]
  const trimmed = async () => (await states()).map((line) => line.trimEnd())
  expect(await trimmed()).toEqual(before)
  const dry = await changesNothing(`migrate 0.0.X:0.1:placeholder --dry-run --config ${CONFIG}`)
  expect(lines(dry.stdout)).toEqual(['would set zrepl:placeholder=on on dst/sink/old'])

  const {stdout, stderr, exitCode} = await run(`migrate 0.0.X:0.1:placeholder --config ${CONFIG}`)
  expect({stdout: withoutGuid(stdout), stderr, exitCode}).toEqual({
    stdout: 'set zrepl:placeholder=on on dst/sink/old: done\n',
    stderr: '',
    exitCode: 0,
  })
  expect(await trimmed()).toEqual(before.with(2, 'yes\tdst/sink/old\ton'))
  expect((await changesNothing(`migrate 0.0.X:0.1:placeholder --config ${CONFIG}`)).stdout).toBe(
    'no placeholder of zrepl 0.0.x was found\n',
  )
})

test('release-all needs a yes, and leaves what is not ours', async () => {
  expect((await changesNothing('zfs-abstraction release-all')).exitCode).toBe(2)
  expect((await changesNothing('zfs-abstraction release-all --job a --dry-run')).stdout).toMatch(
    /^would destroy replication-cursor-bookmark-v2 .*_J_a\n$/,
  )
  const {stdout, exitCode} = await run('zfs-abstraction release-all --job a --yes --json')
  expect(exitCode).toBe(0)
  expect(JSON.parse(stdout)).toMatchObject({Abstraction: {JobID: 'a'}, DestroyErr: ''})
  const all = await run('zfs-abstraction release-all --yes')
  expect({exitCode: all.exitCode, stderr: all.stderr}).toEqual({exitCode: 0, stderr: ''})
  expect(await everything()).toEqual(FOREIGN)
})
