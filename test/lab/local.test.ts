import {afterAll, beforeAll, expect, test} from 'vitest'
import {type Lab, openLab} from './lab.ts'
import {bookmarks, holds, snapshots, zrepl} from './scenario.ts'

let lab: Lab
let src: string
let dst: string
let destroy: () => Promise<void>

const CONFIG = '/etc/zrepl/local.yml'

beforeAll(async () => {
  lab = await openLab()
  ;({src, dst, destroy} = await lab.pools())
  await lab.ok(`zfs create -p ${src}/data/deep/child && zfs create ${dst}/sink && zfs create ${dst}/pulled`)
})

afterAll(async () => {
  await destroy?.()
  await lab?.close()
})

const PRUNING = `    pruning:
      keep_sender: [{type: last_n, count: 5}]
      keep_receiver: [{type: last_n, count: 5}]
`

function config(filesystems: string): string {
  return `global: {zfs: {access: library}}
jobs:
  - name: to-disk
    type: push
    connect: {type: local, listener_name: sink, client_identity: me}
    filesystems: ${filesystems}
    send: {bandwidth_limit: {max: 50 MiB}}
    snapshotting: {type: manual}
${PRUNING}
  - name: disk
    type: sink
    root_fs: ${dst}/sink
    recv: {placeholder: {encryption: inherit}, bandwidth_limit: {max: 50 MiB}}
    serve: {type: local, listener_name: sink}
  - name: from-disk
    type: pull
    connect: {type: local, listener_name: source, client_identity: me}
    root_fs: ${dst}/pulled
    interval: manual
    recv: {placeholder: {encryption: inherit}, bandwidth_limit: {max: 50 MiB}}
${PRUNING}
  - name: origin
    type: source
    filesystems: ${filesystems}
    send: {bandwidth_limit: {max: 50 MiB}}
    snapshotting: {type: manual}
    serve: {type: local, listener_name: source}
`
}

const run = (words: string) => zrepl(lab, `${words} --config ${CONFIG}`)
const child = 'data/deep/child'

test('push and pull between two pools of one machine, with placeholders for what is not sent', async () => {
  await lab.writeFile(CONFIG, config(`{"${src}/${child}": true}`))
  await lab.ok(`echo one >/mnt/${src}/${child}/file && zfs snapshot -r ${src}@one`)
  for (const job of ['to-disk', 'from-disk']) {
    const {exitCode, stderr, report} = await run(`run ${job}`)
    expect({exitCode, stderr}).toEqual({exitCode: 0, stderr: ''})
    expect(report.replicate?.filesystems.map(({filesystem, state}) => `${filesystem} ${state}`)).toEqual([
      `${src}/${child} done`,
    ])
  }
  const ours = await snapshots(lab, `${src}/${child}`)
  expect(await snapshots(lab, `${dst}/sink/me/${src}/${child}`)).toEqual(ours)
  expect(await snapshots(lab, `${dst}/pulled/${src}/${child}`)).toEqual(ours)
  const placeholders = await lab.ok(`zfs get -H -r -t filesystem -s local -o name zrepl:placeholder ${dst}\n`)
  expect(placeholders.trim().split('\n')).toEqual([
    ...['', '/data', '/data/deep'].map((path) => `${dst}/pulled/${src}${path}`),
    ...['/me', ...['', '/data', '/data/deep'].map((path) => `/me/${src}${path}`)].map(
      (path) => `${dst}/sink${path}`,
    ),
  ])
})

test('both jobs keep their own cursors on the same filesystem', async () => {
  const names = (await bookmarks(lab, `${src}/${child}`)).map((name) => name.replace(/[0-9a-f]{16}/, 'GUID'))
  expect(names.toSorted()).toEqual(['zrepl_CURSOR_G_GUID_J_origin', 'zrepl_CURSOR_G_GUID_J_to-disk'])
})

test('a placeholder becomes the filesystem it stood for, and its children stay', async () => {
  await lab.writeFile(CONFIG, config(`{"${src}/data<": true}`))
  const {exitCode, stderr} = await run('run to-disk')
  expect({exitCode, stderr}).toEqual({exitCode: 0, stderr: ''})
  for (const path of ['data', 'data/deep', child]) {
    expect(await snapshots(lab, `${dst}/sink/me/${src}/${path}`)).toEqual(
      await snapshots(lab, `${src}/${path}`),
    )
    expect(await holds(lab, `${dst}/sink/me/${src}/${path}`)).toEqual(['one zrepl_last_received_J_disk'])
  }
  const placeholders = await lab.ok(
    `zfs get -H -r -t filesystem -s local -o name,value zrepl:placeholder ${dst}/sink/me/${src}\n`,
  )
  expect(placeholders.trim().split('\n')).toEqual([
    `${dst}/sink/me/${src}\ton`,
    `${dst}/sink/me/${src}/data\toff`,
    `${dst}/sink/me/${src}/data/deep\toff`,
  ])
})

test('a filesystem that somebody made on the receiver is not overwritten', async () => {
  await lab.ok(
    `zfs create ${src}/data/new && zfs create ${dst}/sink/me/${src}/data/new && zfs snapshot ${src}/data/new@one`,
  )
  await lab.ok(
    `mkdir -p /mnt/x && zfs set mountpoint=/mnt/x ${dst}/sink/me/${src}/data/new && zfs mount ${dst}/sink/me/${src}/data/new 2>/dev/null; echo precious >/mnt/x/file`,
  )
  const {exitCode, report} = await run('replicate to-disk')
  expect(exitCode).toBe(4)
  expect(report.replicate?.filesystems.find(({filesystem}) => filesystem.endsWith('/new'))).toMatchObject({
    state: 'conflict',
  })
  expect(await lab.ok('cat /mnt/x/file\n')).toBe('precious\n')
})

test('what the configuration names and is not there is an error, and the rest goes on', async () => {
  await lab.writeFile(CONFIG, config(`{"${src}/${child}": true, "${src}/gone<": true}`))
  await lab.ok(`zfs snapshot ${src}/${child}@two`)
  const {exitCode, report, stderr} = await run('run to-disk')
  expect(exitCode).toBe(1)
  expect(stderr).toContain(`'${src}/gone' does not exist`)
  expect(report.replicate?.filesystems.map(({state}) => state).toSorted()).toEqual(['done', 'failed'])
})
