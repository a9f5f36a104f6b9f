import {afterAll, beforeAll, expect, test} from 'vitest'
import {type Lab, openLab} from './lab.ts'

/** Who is not root needs no more rights than the table in SECURITY.md names, and hears which one is missing (threat T31). */
let lab: Lab
let src: string
let dst: string
let destroy: () => Promise<void>

const HOME = '/home/zrepl'
const SENDER = ['send', 'snapshot', 'hold', 'release', 'bookmark', 'destroy', 'mount']
const RECEIVER = ['receive', 'create', 'hold', 'release', 'userprop', 'mountpoint', 'destroy', 'mount']

beforeAll(async () => {
  lab = await openLab()
  ;({src, dst, destroy} = await lab.pools())
  await lab.ok(`set -e
zfs create -o mountpoint=none ${src}/data && zfs create -o mountpoint=none ${dst}/backups
zfs allow zrepl ${SENDER.join(',')} ${src}/data && zfs allow zrepl ${RECEIVER.join(',')} ${dst}/backups
mkdir -p ${HOME}/run && chmod 700 ${HOME}/run && chown -R zrepl ${HOME}
`)
  await lab.writeFile(
    `${HOME}/zrepl.yml`,
    `jobs:
  - name: offsite
    type: push
    connect: {type: local, listener_name: here, client_identity: me}
    filesystems: {"${src}/data<": true}
    snapshotting: {type: periodic, prefix: zrepl_, interval: 1s}
    pruning: {keep_sender: [{type: last_n, count: 1}], keep_receiver: [{type: last_n, count: 1}]}
  - name: backups
    type: sink
    root_fs: ${dst}/backups
    recv: {placeholder: {encryption: inherit}}
    serve: {type: local, listener_name: here}
`,
  )
  await lab.ok(`chown zrepl ${HOME}/zrepl.yml\n`)
})

afterAll(async () => {
  await destroy?.()
  await lab?.close()
})

const run = () =>
  lab.sh(
    `cd ${HOME} && su zrepl -c 'XDG_RUNTIME_DIR=${HOME}/run zrepl run offsite --config ${HOME}/zrepl.yml'\n`,
  )

test('a user with exactly these rights runs the whole cycle, again and again', async () => {
  for (const round of [1, 2]) {
    const {exitCode, stdout} = await run()
    expect([round, exitCode], stdout).toEqual([round, 0])
  }
  const listed = await lab.ok(
    `zfs list -H -t snapshot -o name -d 1 ${src}/data ${dst}/backups/me/${src}/data\n`,
  )
  expect(listed.trim().split('\n')).toHaveLength(2)
})

test.each([
  ['hold', 'data'],
  ['bookmark', 'data'],
  ['destroy', 'data'],
  ['receive', 'backups'],
])('without %s on %s a run fails, and says what was not permitted', async (verb, name) => {
  const dataset = `${name === 'data' ? src : dst}/${name}`
  await lab.ok(`zfs unallow zrepl ${verb} ${dataset}\n`)
  const {exitCode, stdout, stderr} = await run()
  await lab.ok(`zfs allow zrepl ${verb} ${dataset}\n`)
  expect(exitCode, stdout).toBe(1)
  expect(stderr).toMatch(/permission denied/)
})
