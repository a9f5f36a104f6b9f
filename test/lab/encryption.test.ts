import {afterAll, beforeAll, describe, expect, test} from 'vitest'
import {type Lab, openLab} from './lab.ts'
import {holds, poolHistory, snapshots, zrepl} from './scenario.ts'

let lab: Lab
let src: string
let dst: string
let destroy: () => Promise<void>

const CONFIG = '/etc/zrepl/encryption.yml'
const KEY = '/run/lab-key'
const ENCRYPTED = `-o encryption=on -o keyformat=passphrase -o keylocation=file://${KEY}`

/** zrepl's matrix: is the filesystem encrypted, send.encrypted, send.raw, and what the copy is, or why there is none. */
const MATRIX = [
  [false, false, false, 'off'],
  [false, false, true, 'off'],
  [false, true, false, 'is not encrypted'],
  [false, true, true, 'is not encrypted'],
  [true, false, false, 'off'],
  [true, false, true, 'send.raw is set without send.encrypted'],
  [true, true, false, 'aes-256-gcm'],
  [true, true, true, 'aes-256-gcm'],
] as const

beforeAll(async () => {
  lab = await openLab()
  ;({src, dst, destroy} = await lab.pools())
  await lab.ok(`set -e
printf passphrase >${KEY}
zfs create ${src}/plain
zfs create ${ENCRYPTED} ${src}/secret
for fs in plain secret; do echo content >/mnt/${src}/$fs/file; zfs snapshot ${src}/$fs@1; done
zfs create ${dst}/open
zfs create ${ENCRYPTED} ${dst}/sealed
`)
  const rows = MATRIX.map(([encrypted, ...send], row) =>
    push(`row${row}`, 'open', encrypted ? 'secret' : 'plain', send[0], send[1]),
  )
  const sinks = [
    sink('open', 'open', 'inherit'),
    sink('sealed', 'sealed', 'inherit'),
    sink('strict', 'sealed'),
  ]
  const others = [
    push('properties', 'sealed', 'plain', false, false, true),
    push('raw', 'sealed', 'secret', true, false),
    push('below', 'sealed', 'plain', false, false),
    push('unspecified', 'strict', 'plain', false, false),
    push('both', 'open', '*', false, false),
  ]
  await lab.writeFile(CONFIG, `jobs:\n${[...sinks, ...rows, ...others].join('')}`)
})

afterAll(async () => {
  await destroy?.()
  await lab?.close()
})

function sink(name: string, root: string, encryption?: string): string {
  const recv = encryption === undefined ? '' : `\n    recv: {placeholder: {encryption: ${encryption}}}`
  return `  - name: sink-${name}
    type: sink
    root_fs: ${dst}/${root}${recv}
    serve: {type: local, listener_name: ${name}}
`
}

function push(
  name: string,
  listener: string,
  filesystem: string,
  encrypted: boolean,
  raw: boolean,
  properties = false,
): string {
  return `  - name: ${name}
    type: push
    connect: {type: local, listener_name: ${listener}, client_identity: ${name}}
    filesystems: {"${src}/${filesystem}": true}
    snapshotting: {type: manual}
    send: {encrypted: ${encrypted}, raw: ${raw}, send_properties: ${properties}}
    pruning:
      keep_sender: [{type: regex, regex: ".*"}]
      keep_receiver: [{type: regex, regex: ".*"}]
`
}

async function replicateAll(job: string) {
  const {report, exitCode} = await zrepl(lab, `replicate ${job} --config ${CONFIG}`)
  return {exitCode, filesystems: report.replicate?.filesystems ?? []}
}

async function replicate(job: string) {
  const {exitCode, filesystems} = await replicateAll(job)
  const [filesystem] = filesystems
  return {exitCode, state: filesystem?.state, code: filesystem?.error?.code, told: filesystem?.error?.message}
}

async function encryptionOf(dataset: string): Promise<string> {
  return (await lab.ok(`zfs get -H -o value encryption '${dataset}'\n`)).trim()
}

describe.each(MATRIX.map((row, index) => [index, ...row] as const))(
  'row %i: filesystem encrypted %s, send.encrypted %s, send.raw %s',
  (row, encrypted, _encrypted, _raw, expected) => {
    test(`${expected}`, async () => {
      const filesystem = `${src}/${encrypted ? 'secret' : 'plain'}`
      const before = await poolHistory(lab, src)
      const {exitCode, state, code, told} = await replicate(`row${row}`)
      if (expected.includes(' ')) {
        expect({exitCode, state, code}).toEqual({exitCode: 1, state: 'failed', code: 'send-policy'})
        expect(told).toContain(expected)
        expect(await poolHistory(lab, src)).toBe(before)
      } else {
        expect({exitCode, state, told}).toEqual({exitCode: 0, state: 'done', told: undefined})
        expect(await encryptionOf(`${dst}/open/row${row}/${filesystem}`)).toBe(expected)
        expect(await snapshots(lab, `${dst}/open/row${row}/${filesystem}`)).toEqual(
          await snapshots(lab, filesystem),
        )
      }
    })
  },
)

test('below an encrypted root everything is encrypted, whatever the properties in the stream say', async () => {
  expect(await replicate('properties')).toMatchObject({exitCode: 0, state: 'done'})
  expect(await encryptionOf(`${dst}/sealed/properties/${src}/plain`)).toBe('aes-256-gcm')
  expect(await replicate('raw')).toMatchObject({exitCode: 0, state: 'done'})
  const root = await lab.ok(`zfs get -H -o value encryptionroot ${dst}/sealed/raw/${src}/secret\n`)
  expect(root.trim()).toBe(`${dst}/sealed/raw/${src}/secret`)
})

test('nothing arrives in the clear in something unencrypted below an encrypted root', async () => {
  await lab.ok(`zfs create ${dst}/sealed/below && zfs create -o encryption=off ${dst}/sealed/below/${src}\n`)
  await lab.ok(`[ "$(zfs get -H -o value encryption ${dst}/sealed/below/${src})" = off ]\n`)
  expect(await replicate('below')).toMatchObject({exitCode: 1, code: 'receive-policy'})
  expect(await lab.ok(`zfs list -H -o name -r ${dst}/sealed/below\n`)).not.toContain('/plain')
})

test('placeholder encryption that is not specified is asked for, and nothing is created', async () => {
  const {exitCode, code, told} = await replicate('unspecified')
  expect({exitCode, code}).toEqual({exitCode: 1, code: 'placeholder'})
  expect(told).toContain('recv.placeholder.encryption is unspecified')
  expect(await lab.ok(`zfs list -H -o name -r ${dst}/sealed\n`)).not.toContain(`unspecified/${src}`)
})

test('a key that is not loaded is told, on either side, and changes nothing', async () => {
  await lab.ok(`zfs snapshot ${src}/secret@2 && zfs snapshot ${src}/plain@2
zfs unmount ${src}/secret && zfs unload-key ${src}/secret\n`)
  const before = await poolHistory(lab, src)
  const here = await replicate('row4')
  expect(here).toMatchObject({exitCode: 1, state: 'failed', code: 'key-not-loaded'})
  expect(here.told).toContain(`${src}/secret`)
  expect(await poolHistory(lab, src)).toBe(before)
  expect(await replicate('row6')).toMatchObject({exitCode: 0, state: 'done'})

  const {exitCode, filesystems} = await replicateAll('both')
  expect(exitCode).toBe(1)
  const states = new Map(filesystems.map(({filesystem, state, error}) => [filesystem, error?.code ?? state]))
  expect(states.get(`${src}/plain`)).toBe('done')
  expect(states.get(`${src}/secret`)).toBe('key-not-loaded')

  await lab.ok(`zfs unmount -a 2>/dev/null; zfs unload-key -r ${dst}/sealed\n`)
  expect(await replicate('properties')).toMatchObject({exitCode: 1, code: 'key-not-loaded'})
  await lab.ok(`zfs load-key ${dst}/sealed\n`)
  expect(await replicate('properties')).toMatchObject({exitCode: 0, state: 'done'})
  expect(await holds(lab, `${dst}/sealed/properties/${src}/plain`)).toEqual([
    '2 zrepl_last_received_J_sink-sealed',
  ])
})
