import {afterAll, beforeAll, expect, test} from 'vitest'
import {type Lab, openLab} from './lab.ts'
import {snapshots, zrepl} from './scenario.ts'

let lab: Lab
let src: string
let dst: string
let destroy: () => Promise<void>

const CONFIG = '/etc/zrepl/scope.yml'

beforeAll(async () => {
  lab = await openLab()
  ;({src, dst, destroy} = await lab.pools())
  await lab.ok(`set -e
zfs create ${src}/vms
for vm in web db scratch; do zfs create ${src}/vms/$vm; done
zfs create ${src}/vms/web/disk
zfs create ${dst}/in
zfs snapshot -r ${src}/vms@zrepl_1
zfs snapshot -r ${src}/vms@mine
zfs snapshot -r ${src}/vms@zrepl_2
`)
  await lab.writeFile(CONFIG, config())
})

afterAll(async () => {
  await destroy?.()
  await lab?.close()
})

function config(): string {
  return `jobs:
  - name: inbox
    type: sink
    root_fs: ${dst}/in
    path_mapping:
      - {from: ${src}/vms, to: machines}
    serve: {type: local, listener_name: inbox}
    recv:
      placeholder: {encryption: inherit}
  - name: vms
    type: push
    connect: {type: local, listener_name: inbox, client_identity: me}
    filesystems:
      "${src}/vms/*": true
      "${src}/vms/s*": false
    snapshotting: {type: manual}
    conflict_resolution: {initial_replication: all}
    replication:
      snapshots: {prefix: zrepl_}
    pruning:
      keep_sender: [{type: regex, regex: ".*"}]
      keep_receiver: [{type: regex, regex: ".*"}]
`
}

const names = async (dataset: string) =>
  (await snapshots(lab, dataset)).map((snapshot) => snapshot.split(' ')[0])

test('wildcards choose filesystems, path_mapping their place, replication.snapshots what is sent', async () => {
  const {exitCode, report} = await zrepl(lab, `run vms --config ${CONFIG}`)
  expect(exitCode).toBe(0)
  expect(report.replicate?.filesystems.map(({filesystem}) => filesystem)).toEqual([
    `${src}/vms/db`,
    `${src}/vms/web`,
  ])
  const received = (await lab.ok(`zfs list -H -o name -r ${dst}/in\n`)).trim().split('\n')
  expect(received).toEqual(
    ['', '/me', '/me/machines', '/me/machines/db', '/me/machines/web'].map((path) => `${dst}/in${path}`),
  )
  expect(await names(`${dst}/in/me/machines/web`)).toEqual(['zrepl_1', 'zrepl_2'])
})

test('an increment passes over what is not selected, and nothing selected is nothing to do', async () => {
  await lab.ok(`zfs snapshot ${src}/vms/web@between && zfs snapshot ${src}/vms/web@zrepl_3\n`)
  const {report} = await zrepl(lab, `run vms --config ${CONFIG}`)
  expect(report.replicate?.filesystems.map(({state}) => state)).toEqual(['up-to-date', 'done'])
  const sent = await snapshots(lab, `${src}/vms/web`)
  expect(await snapshots(lab, `${dst}/in/me/machines/web`)).toEqual(
    sent.filter((snapshot) => snapshot.startsWith('zrepl_')),
  )
  await lab.ok(`zfs snapshot ${src}/vms/web@later\n`)
  const again = await zrepl(lab, `run vms --config ${CONFIG}`)
  expect(again.exitCode).toBe(0)
  expect(again.report.replicate?.filesystems.map(({state}) => state)).toEqual(['up-to-date', 'up-to-date'])
})
