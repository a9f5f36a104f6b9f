import {afterAll, beforeAll, expect, test} from 'vitest'
import {type Lab, openLab} from './lab.ts'
import {guidHex, holds, poolHistory, snapshots, zrepl} from './scenario.ts'

let lab: Lab
let src: string
let dst: string
let destroy: () => Promise<void>

const CONFIG = '/etc/zrepl/conflict.yml'
const FILESYSTEMS = ['written', 'diverged', 'recreated', 'taken', 'type', 'occupied', 'fine'] as const

beforeAll(async () => {
  lab = await openLab()
  ;({src, dst, destroy} = await lab.pools())
  await lab.ok(`set -e
zfs create ${src}/d
for fs in ${FILESYSTEMS.join(' ')}; do zfs create ${src}/d/$fs; zfs snapshot ${src}/d/$fs@1; done
zfs create ${dst}/sink && zfs create -p ${dst}/sink/me/${src}/d/occupied
`)
  await lab.writeFile(
    CONFIG,
    `jobs:
  - name: sink
    type: sink
    root_fs: ${dst}/sink
    recv: {placeholder: {encryption: inherit}}
    serve: {type: local, listener_name: sink}
${push('keep', 'fail')}${push('aside', 'rename-aside')}`,
  )
})

afterAll(async () => {
  await destroy?.()
  await lab?.close()
})

function push(name: string, diverged: string): string {
  return `  - name: ${name}
    type: push
    connect: {type: local, listener_name: sink, client_identity: me}
    filesystems: {"${src}/d<": true, "${src}/d": false}
    snapshotting: {type: manual}
    conflict_resolution: {diverged: ${diverged}}
    pruning:
      keep_sender: [{type: last_n, count: 1}]
      keep_receiver: [{type: last_n, count: 1}]
`
}

const copy = (name: string) => `${dst}/sink/me/${src}/d/${name}`

async function run(job: string, verb = 'run') {
  const {report, exitCode} = await zrepl(lab, `${verb} ${job} --config ${CONFIG}`)
  const of = (name: string) =>
    report.replicate?.filesystems.find(({filesystem}) => filesystem === `${src}/d/${name}`)
  return {exitCode, of}
}

test('each kind of conflict is told with its remedy and left alone, and the others go on', async () => {
  const first = await run('keep', 'replicate')
  expect(first.of('occupied')).toMatchObject({state: 'conflict'})
  expect(first.exitCode).toBe(4)

  await lab.ok(`set -e
zfs set readonly=off ${copy('written')} && zfs mount ${copy('written')}
echo mine >"$(zfs get -H -o value mountpoint ${copy('written')})/mine"; zpool sync ${dst}
zfs snapshot ${copy('diverged')}@theirs
zfs destroy -r ${src}/d/recreated && zfs create ${src}/d/recreated
zfs rename ${src}/d/type ${src}/d/typeold && zfs create -V 8M ${src}/d/type
for fs in ${FILESYSTEMS.join(' ')}; do zfs snapshot ${src}/d/$fs@2; done
zfs snapshot ${src}/d/taken@between
zfs destroy ${src}/d/taken@between
zfs destroy -r ${src}/d/typeold
`)
  const before = await snapshots(lab, `${src}/d/diverged`)
  const {exitCode, of} = await run('keep')
  expect(exitCode).toBe(4)
  expect(of('fine')).toMatchObject({state: 'done'})
  const told = (name: string) => `${of(name)?.state}: ${of(name)?.because}`
  expect(told('written')).toMatch(/^conflict: .*changed after its newest snapshot @1.*zfs rollback/)
  expect(told('diverged')).toMatch(/^conflict: .*@theirs is not on the sender; last common: @1/)
  expect(told('recreated')).toMatch(/^conflict: no common snapshot.*sender: @2; receiver: @1/)
  expect(told('type')).toMatch(/^conflict: it is a volume on the sender, but a filesystem on the receiver/)
  expect(told('occupied')).toMatch(/^conflict: it exists on the receiver without any snapshot/)
  // Not even pruned: `last_n: 1` would destroy all but one.
  expect(await snapshots(lab, `${src}/d/diverged`)).toEqual(before)

  const history = [await poolHistory(lab, src), await poolHistory(lab, dst)]
  expect((await run('keep')).exitCode).toBe(4)
  expect([await poolHistory(lab, src), await poolHistory(lab, dst)]).toEqual(history)
})

test('rename-aside keeps the copy under another name and replicates afresh', async () => {
  const [, theirs = ''] = await snapshots(lab, copy('diverged'))
  const kept = await snapshots(lab, copy('diverged'))
  const name = `diverged_diverged_${guidHex(theirs.split(' ')[1] ?? '')}`
  const plan = await run('aside', 'plan')
  expect(plan.of('diverged')?.because).toContain('is kept as')

  const {exitCode, of} = await run('aside', 'replicate')
  // What is not a matter of two histories stays a conflict.
  expect(exitCode).toBe(4)
  expect(of('written')).toMatchObject({state: 'conflict'})
  expect(of('diverged')).toMatchObject({state: 'done', warnings: [expect.stringContaining('kept as')]})
  expect(of('recreated')).toMatchObject({state: 'done'})
  expect(await snapshots(lab, copy(name))).toEqual(kept)
  expect(await holds(lab, copy(name))).toEqual([])
  expect(await snapshots(lab, copy('diverged'))).toEqual(
    (await snapshots(lab, `${src}/d/diverged`)).slice(-1),
  )
  expect(await holds(lab, copy('diverged'))).toEqual(['2 zrepl_last_received_J_sink'])
  expect((await run('aside', 'replicate')).of('diverged')).toMatchObject({state: 'up-to-date'})
})
