import {afterAll, beforeAll, expect, test} from 'vitest'
import {type Lab, openLab} from './lab.ts'
import {snapshots, zrepl} from './scenario.ts'

let lab: Lab
let src: string
let dst: string
let destroy: () => Promise<void>

const CONFIG = '/etc/zrepl/builtin.yml'

beforeAll(async () => {
  lab = await openLab()
  ;({src, dst, destroy} = await lab.pools())
  const connect = await lab.authorize('builtin', CONFIG)
  await lab.ok(
    `zfs create ${src}/data && dd if=/dev/urandom of=/mnt/${src}/data/file bs=1M count=8 status=none\n`,
  )
  await lab.writeFile(
    CONFIG,
    `jobs:
  - name: inbox
    type: sink
    root_fs: ${dst}
    recv:
      placeholder:
        encryption: inherit
    serve:
      type: stdinserver
      client_identities: [builtin]
${job('offsite', connect)}
${job('strange', `${connect}\n      options: [HostKeyAlias=nobody]`)}
`,
  )
})

afterAll(async () => {
  await destroy?.()
  await lab?.close()
})

function job(name: string, connect: string): string {
  return `  - name: ${name}
    type: push
${connect}
      client: builtin
    filesystems:
      "${src}/data": true
    snapshotting:
      type: periodic
      interval: 1s
      prefix: zrepl_
    pruning:
      keep_sender: [{type: not_replicated}, {type: last_n, count: 5}]
      keep_receiver: [{type: last_n, count: 5}]`
}

test('a push by the built-in client, in full and by increment, against a real sshd', async () => {
  const first = await zrepl(lab, `run offsite --config ${CONFIG}`)
  expect(first.exitCode).toBe(0)
  await lab.ok(`echo more >/mnt/${src}/data/more\n`)
  const second = await zrepl(lab, `run offsite --config ${CONFIG}`)
  expect(second.exitCode).toBe(0)
  const sent = await snapshots(lab, `${src}/data`)
  expect(sent.length).toBe(2)
  expect(await snapshots(lab, `${dst}/builtin/${src}/data`)).toEqual(sent)
})

test('a host key that is not known ends before anything is sent', async () => {
  const before = await snapshots(lab, `${dst}/builtin/${src}/data`)
  const {exitCode, report} = await zrepl(lab, `replicate strange --config ${CONFIG}`)
  expect(exitCode).toBe(3)
  expect(JSON.stringify(report)).toContain("no host key is known for 'nobody'")
  expect(await snapshots(lab, `${dst}/builtin/${src}/data`)).toEqual(before)
})
