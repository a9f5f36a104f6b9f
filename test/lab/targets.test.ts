import {afterAll, beforeAll, expect, test} from 'vitest'
import {type Lab, openLab} from './lab.ts'
import {bookmarks, guidHex, holds, snapshots, zrepl} from './scenario.ts'

let lab: Lab
let src: string
let dst: string
let destroy: () => Promise<void>

const CONFIG = '/etc/zrepl/targets.yml'

beforeAll(async () => {
  lab = await openLab()
  ;({src, dst, destroy} = await lab.pools())
  await lab.ok(`set -e
zfs create ${src}/data && zfs snapshot ${src}/data@1
for root in one two c; do zfs create ${dst}/$root; done
`)
  await lab.writeFile(
    CONFIG,
    `jobs:
  - name: origin
    type: source
    job_id_per_client: true
    filesystems: {"${src}/data": true}
    snapshotting: {type: manual}
    serve: {type: local, listener_name: origin}
${pull('one')}${pull('two')}  - name: onward
    type: push
    connect: {type: local, listener_name: c, client_identity: b}
    filesystems: {"${dst}/one/${src}/data": true}
    snapshotting: {type: manual}
    pruning: {keep_sender: [{type: last_n, count: 5}], keep_receiver: [{type: last_n, count: 5}]}
  - name: c
    type: sink
    root_fs: ${dst}/c
    recv: {placeholder: {encryption: inherit}}
    serve: {type: local, listener_name: c}
`,
  )
})

afterAll(async () => {
  await destroy?.()
  await lab?.close()
})

function pull(name: string): string {
  return `  - name: ${name}
    type: pull
    connect: {type: local, listener_name: origin, client_identity: ${name}}
    root_fs: ${dst}/${name}
    interval: manual
    recv: {placeholder: {encryption: inherit}}
    pruning: {keep_sender: [{type: last_n, count: 5}], keep_receiver: [{type: last_n, count: 5}]}
`
}

async function run(job: string) {
  const {exitCode, report} = await zrepl(lab, `run ${job} --config ${CONFIG}`)
  return {exitCode, state: report.replicate?.filesystems[0]?.state}
}

test('two pull jobs on one source, and a third host behind one of them, leave each other alone', async () => {
  for (const job of ['one', 'two', 'onward']) expect(await run(job)).toEqual({exitCode: 0, state: 'done'})
  await lab.ok(`zfs snapshot ${src}/data@2\n`)
  expect(await run('one')).toEqual({exitCode: 0, state: 'done'})
  const [first = '', second = ''] = (await snapshots(lab, `${src}/data`)).map(
    (line) => line.split(' ')[1] ?? '',
  )
  // The cursor of each stands where its own receiver is.
  expect((await bookmarks(lab, `${src}/data`)).toSorted()).toEqual(
    [
      `zrepl_CURSOR_G_${guidHex(second)}_J_origin_C_one`,
      `zrepl_CURSOR_G_${guidHex(first)}_J_origin_C_two`,
    ].toSorted(),
  )
  expect(await holds(lab, `${src}/data`)).toEqual([])

  for (const job of ['onward', 'two']) expect(await run(job)).toEqual({exitCode: 0, state: 'done'})
  const middle = `${dst}/one/${src}/data`
  expect(await holds(lab, middle)).toEqual(['2 zrepl_last_received_J_one'])
  expect(await bookmarks(lab, middle)).toEqual([`zrepl_CURSOR_G_${guidHex(second)}_J_onward`])
  for (const copy of [middle, `${dst}/two/${src}/data`, `${dst}/c/b/${middle}`])
    expect(await snapshots(lab, copy)).toEqual(await snapshots(lab, `${src}/data`))
  for (const job of ['one', 'two', 'onward'])
    expect(await run(job)).toEqual({exitCode: 0, state: 'up-to-date'})
})
