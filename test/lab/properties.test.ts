import {afterAll, beforeAll, describe, expect, test} from 'vitest'
import {type Lab, openLab} from './lab.ts'
import {interpose, zrepl} from './scenario.ts'

let lab: Lab
let src: string
let dst: string
let destroy: () => Promise<void>

const CONFIG = '/etc/zrepl/properties.yml'

beforeAll(async () => {
  lab = await openLab()
  ;({src, dst, destroy} = await lab.pools())
  await lab.ok(`set -e
zfs create -o readonly=on ${dst}/careful && zfs create -o readonly=on ${dst}/trusting
zfs create -o readonly=on ${dst}/betrayed
zfs create -o mountpoint=/evil -o setuid=on -o canmount=noauto -o readonly=off -o snapdir=visible -o atime=off \\
  -o org.example:owner=eve ${src}/data
zfs create -V 8M -o volmode=full ${src}/data/vol
zfs snapshot -r ${src}/data@1
echo 12345678 >/root/passphrase
zfs create -o encryption=on -o keyformat=passphrase -o keylocation=file:///root/passphrase ${src}/secret
zfs snapshot ${src}/secret@1 && zfs snapshot ${src}/secret@2
zfs create ${dst}/fetching && zfs create ${dst}/told && zfs create ${dst}/believing
`)
  await lab.writeFile(
    CONFIG,
    `jobs:\n${[
      pair('careful', ''),
      pair('trusting', 'properties: {accept: [canmount]}'),
      pair('betrayed', ''),
      pair('fetching', '', 'secret'),
      pair('told', 'properties: {override: {keylocation: "file:///root/mine"}}', 'secret'),
      pair('believing', 'properties: {accept: [keylocation]}', 'secret'),
    ].join('')}`,
  )
})

afterAll(async () => {
  await destroy?.()
  await lab?.close()
})

function pair(name: string, recv: string, sent = 'data'): string {
  return `  - name: ${name}_sink
    type: sink
    root_fs: ${dst}/${name}
    serve: {type: local, listener_name: ${name}}
    recv:
      placeholder: {encryption: inherit}
      ${recv}
  - name: ${name}
    type: push
    connect: {type: local, listener_name: ${name}, client_identity: eve}
    filesystems: {"${src}/${sent}<": true}
    snapshotting: {type: manual}
    send: {send_properties: true, encrypted: ${sent === 'secret'}}
    pruning:
      keep_sender: [{type: regex, regex: ".*"}]
      keep_receiver: [{type: regex, regex: ".*"}]
`
}

async function properties(dataset: string, ...names: readonly string[]): Promise<readonly string[]> {
  const got = await lab.ok(`zfs get -Hp -o property,value,source ${names.join(',')} '${dataset}'\n`)
  return got
    .trimEnd()
    .split('\n')
    .map((line) => line.replaceAll('\t', ' '))
}

test('properties that could do harm do not come with a stream, harmless ones do', async () => {
  const {exitCode} = await zrepl(lab, `replicate careful --config ${CONFIG}`)
  expect(exitCode).toBe(0)
  const copy = `${dst}/careful/eve/${src}/data`
  const harmful = ['mountpoint', 'canmount', 'setuid', 'readonly', 'snapdir']
  expect(await properties(copy, ...harmful)).toEqual([
    `mountpoint none inherited from ${dst}/careful/eve/${src}`,
    'canmount on default',
    'setuid on default',
    `readonly on inherited from ${dst}/careful`,
    'snapdir hidden default',
  ])
  expect(await properties(copy, 'atime', 'org.example:owner')).toEqual([
    'atime off received',
    'org.example:owner eve received',
  ])
  expect(await properties(`${copy}/vol`, 'volmode')).toEqual(['volmode default default'])
})

test('what the job accepts does come', async () => {
  const {exitCode} = await zrepl(lab, `replicate trusting --config ${CONFIG}`)
  expect(exitCode).toBe(0)
  expect(await properties(`${dst}/trusting/eve/${src}/data`, 'canmount', 'snapdir')).toEqual([
    'canmount noauto received',
    'snapdir hidden default',
  ])
})

test('what comes all the same is told', async () => {
  // A zfs that does not know -x, as a receiver whose protection has failed.
  const restore = await interpose(
    lab,
    `if [ "$1" = receive ]; then
  left=$#
  while [ $left -gt 0 ]; do
    word=$1; shift; left=$((left - 1))
    if [ "$word" = -x ]; then shift; left=$((left - 1)); else set -- "$@" "$word"; fi
  done
fi`,
  )
  const {report, exitCode} = await zrepl(lab, `replicate betrayed --config ${CONFIG}`)
  await restore()
  expect(exitCode).toBe(0)
  const warnings = report.replicate?.filesystems.find(
    ({filesystem}) => filesystem === `${src}/data`,
  )?.warnings
  const copy = `${dst}/betrayed/eve/${src}/data`
  expect(warnings).toEqual(
    ['mountpoint', 'canmount', 'setuid', 'readonly', 'snapdir'].map(
      (name) =>
        `property ${name} of '${copy}' is as the sender has it, against recv.properties: look at it, then run zfs inherit ${name}`,
    ),
  )
})

describe('a stream that says where this host is to fetch a key from (T40)', () => {
  async function replicate(job: string) {
    const {report, exitCode} = await zrepl(lab, `replicate ${job} --config ${CONFIG}`)
    expect(exitCode).toBe(0)
    const copy = `${dst}/${job}/eve/${src}/secret`
    const location = await lab.ok(`zfs get -H -o value keylocation ${copy}\n`)
    return {copy, location: location.trim(), warnings: report.replicate?.filesystems[0]?.warnings}
  }
  const words = (copy: string, location: string) =>
    `the stream has set keylocation of '${copy}' to 'file:///root/passphrase': it is ${location} again`

  test('does not, neither with the first nor with the next, and is told of', async () => {
    const {copy, location, warnings} = await replicate('fetching')
    expect(location).toBe('prompt')
    // The increment brings it again; the same words are told once.
    expect(warnings).toEqual([words(copy, 'prompt')])
    expect(await lab.ok(`zfs get -H -o value keystatus ${copy}\n`)).toBe('unavailable\n')
    expect((await lab.sh(`zfs load-key -a </dev/null\n`)).exitCode).not.toBe(0)
    expect(await lab.ok(`zfs get -H -o value keystatus ${copy}\n`)).toBe('unavailable\n')
  })

  test('takes a place of one’s own away only with what is said', async () => {
    const copy = `${dst}/fetching/eve/${src}/secret`
    await lab.ok(`zfs set keylocation=file:///root/here ${copy}; zfs snapshot ${src}/secret@later\n`)
    expect(await replicate('fetching')).toEqual({
      copy,
      location: 'prompt',
      warnings: [words(copy, 'prompt')],
    })
  })

  test('unless the job has another place, or takes the stream’s', async () => {
    const told = await replicate('told')
    expect([told.location, told.warnings?.[0]]).toEqual([
      'file:///root/mine',
      words(told.copy, 'file:///root/mine'),
    ])
    expect(await replicate('believing')).toMatchObject({location: 'file:///root/passphrase', warnings: []})
  })
})
