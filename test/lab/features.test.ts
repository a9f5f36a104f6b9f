import {afterAll, beforeAll, expect, test} from 'vitest'
import {type Lab, openLab} from './lab.ts'
import {digestTree, zrepl} from './scenario.ts'

/** What is switched or changed on the sender between two increments. */
let lab: Lab
let src: string
let dst: string
let destroy: () => Promise<void>

const KEYS = ['/run/features-key-1', '/run/features-key-2'] as const

beforeAll(async () => {
  lab = await openLab()
  ;({src, dst, destroy} = await lab.pools())
  await lab.ok(`set -e
printf 'first key' >${KEYS[0]}; printf 'second key' >${KEYS[1]}
zfs create -o recordsize=1M ${src}/large
zfs create -o encryption=on -o keyformat=passphrase -o keylocation=file://${KEYS[0]} ${src}/secret
for fs in large secret; do head -c 3M /dev/urandom >/mnt/${src}/$fs/file; zfs snapshot ${src}/$fs@1; done
`)
})

afterAll(async () => {
  await destroy?.()
  await lab?.close()
})

/** Replicates a filesystem with this `send` section to below `to`. */
async function replicate(filesystem: string, send: string, to = dst) {
  const config = '/etc/zrepl/features.yml'
  await lab.writeFile(
    config,
    `jobs:
  - name: features
    type: push
    connect: {type: local, listener_name: here, client_identity: me}
    filesystems: {"${src}/${filesystem}": true}
    snapshotting: {type: manual}
    send: {compressed: false, embedded_data: false, ${send}}
    pruning: {keep_sender: [{type: last_n, count: 9}], keep_receiver: [{type: last_n, count: 9}]}
  - name: here
    type: sink
    root_fs: ${to}
    recv: {placeholder: {encryption: inherit}}
    serve: {type: local, listener_name: here}
`,
  )
  const {report, exitCode} = await zrepl(lab, `replicate features --config ${config}`)
  return {exitCode, told: report.replicate?.filesystems[0]?.error?.message}
}

async function isSame(name: string, snapshot: string): Promise<boolean> {
  const [sent, received] = [`${src}/${name}@${snapshot}`, `${dst}/me/${src}/${name}@${snapshot}`]
  return (await digestTree(lab, sent)) === (await digestTree(lab, received))
}

test('large blocks that are switched off between two increments are refused, and not lost', async () => {
  expect(await replicate('large', 'large_blocks: true')).toMatchObject({exitCode: 0})
  await lab.ok(
    `head -c 1M /dev/urandom | dd of=/mnt/${src}/large/file conv=notrunc 2>/dev/null; zfs snapshot ${src}/large@2\n`,
  )
  const {exitCode, told} = await replicate('large', 'large_blocks: false')
  expect([exitCode, told]).toEqual([1, expect.stringMatching(/requires -L|large.block/)])
  expect(await isSame('large', '1')).toBe(true)
  expect(await replicate('large', 'large_blocks: true')).toMatchObject({exitCode: 0})
  expect(await isSame('large', '2')).toBe(true)
})

test('a key that is changed between two raw streams opens the copy', async () => {
  expect(await replicate('secret', 'encrypted: true')).toMatchObject({exitCode: 0})
  await lab.ok(`set -e
zfs change-key -o keylocation=file://${KEYS[1]} ${src}/secret
echo more >/mnt/${src}/secret/more; zfs snapshot ${src}/secret@2
`)
  expect(await replicate('secret', 'encrypted: true')).toMatchObject({exitCode: 0})
  const copy = `${dst}/me/${src}/secret`
  expect((await lab.sh(`zfs load-key -L file://${KEYS[0]} ${copy}\n`)).exitCode).not.toBe(0)
  await lab.ok(`zfs load-key -L file://${KEYS[1]} ${copy}\n`)
  for (const snapshot of ['1', '2']) expect(await isSame('secret', snapshot)).toBe(true)
})

test('a stream that needs what the pool lacks is refused with ZFS’s words, and received once the pool has it', async () => {
  const old = `old${src}`
  await lab.ok(
    `truncate -s 256M /pool/${old} && zpool create -d -o feature@extensible_dataset=enabled -O mountpoint=/mnt/${old} ${old} /pool/${old}\n`,
  )
  try {
    const {exitCode, told} = await replicate('large', 'large_blocks: true', old)
    expect([exitCode, told]).toEqual([
      1,
      expect.stringMatching(/upgraded to receive this stream|unsupported/),
    ])
    const left = `zfs list -H -t filesystem,snapshot -o name -r ${old} | grep large || true\n`
    expect(await lab.ok(left)).toBe('')
    await lab.ok(`zpool set feature@large_blocks=enabled ${old}\n`)
    expect(await replicate('large', 'large_blocks: true', old)).toMatchObject({exitCode: 0})
    const copy = `${old}/me/${src}/large@2`
    expect(await digestTree(lab, copy)).toBe(await digestTree(lab, `${src}/large@2`))
  } finally {
    await lab.ok(`zpool destroy -f ${old}; rm -f /pool/${old}\n`)
  }
})
