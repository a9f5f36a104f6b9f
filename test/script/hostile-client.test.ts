import {mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {afterAll, beforeAll, expect, test, vi} from 'vitest'
import {encodeFrame} from '../../src/lib/rpc/frame.ts'
import {type Installed, installZfs} from '../sim/machine/install.ts'
import {createMachine, withMachine} from '../sim/machine/state.ts'
import {
  addDataset,
  addSnapshots,
  allDatasets,
  type Host,
  mustFindPool,
  nextTxg,
  writeBlock,
} from '../sim/pool.ts'
import {prepareSend} from '../sim/zfs/send.ts'
import {encodeResumeToken} from '../unit/zfs/encode-resume-token.ts'
import {encodeStreamHeader, FEATURE, type HeaderFields} from '../unit/zfs/encode-stream-header.ts'
import {attack} from './hostile/attack.ts'
import {craftedTokens, type Target} from './hostile/forge.ts'

/** The compiled `zrepl stdinserver`, and clients that have stolen a key. */
const EXECUTABLE = join(import.meta.dirname, '..', '..', 'dist', 'zrepl')

vi.setConfig({testTimeout: 120_000, hookTimeout: 120_000})

let dir: string
let config: string
let installed: Installed
let ours: Target
let secret: Target
let outside: Target

beforeAll(async () => {
  dir = mkdtempSync('/var/tmp/zrepl-hostile-')
  config = join(dir, 'zrepl.yml')
  const host = createMachine('2.3.2')
  ours = addTarget(host, 'tank/data/ours')
  secret = addTarget(host, 'tank/data/ours/secret')
  outside = addTarget(host, 'vault/outside')
  writeFileSync(
    config,
    `jobs:
  - name: source
    type: source
    filesystems: {tank/data/ours: true}
    snapshotting: {type: manual}
    serve: {type: local, listener_name: source}
  - name: sink
    type: sink
    root_fs: vault/backups
    recv: {placeholder: {encryption: inherit}}
    serve: {type: local, listener_name: sink}
`,
    {mode: 0o600},
  )
  installed = await installZfs(dir, host)
})

afterAll(() => rmSync(dir, {recursive: true, force: true}))

function addTarget(host: Host, name: string): Target {
  const dataset = addDataset(host, name, 'filesystem')
  for (const snapshot of ['1', '2']) {
    writeBlock(host, dataset, Number(snapshot))
    addSnapshots(host, [dataset], snapshot, nextTxg(mustFindPool(host, name)))
  }
  const [first, second] = dataset.snapshots
  return {name, guids: [first?.guid ?? '', second?.guid ?? '']}
}

const serving = (listener: 'source' | 'sink') =>
  attack(installed.inside([EXECUTABLE, 'stdinserver', 'me', '--config', config, '--listener', listener]))

/** What is on the pools, to the last snapshot, hold, bookmark and property. */
const everything = () =>
  withMachine(installed.machine, (host) =>
    allDatasets(host).map(({name, snapshots, bookmarks, partial, properties}) => ({
      name,
      snapshots: snapshots.map(({name, guid, holds}) => [name, guid, ...holds.keys()].join(' ')),
      bookmarks: bookmarks.map(({name, guid}) => `${name} ${guid}`),
      partial: partial?.toguid,
      properties: [...properties.keys()],
    })),
  )

test('a source sends what its job sends, and nothing else, whatever it is asked for', async () => {
  const before = everything()
  const victim = await serving('source')
  const send = (filesystem: string, to: string, more: object = {}) =>
    victim.ask({verb: 'send', requests: [{filesystem, to, ...more}]})
  const [guid, newer] = ours.guids
  expect(await send(secret.name, secret.guids[0])).toBe('not-permitted')
  expect(await send(outside.name, outside.guids[0])).toBe('not-permitted')
  expect(await send('vault', outside.guids[0])).toBe('not-permitted')
  expect(await send(ours.name, secret.guids[0])).toBe('version-gone')
  expect(await send(ours.name, newer, {from: {kind: 'snapshot', guid: secret.guids[0]}})).toBe('version-gone')
  expect(await send(ours.name, guid, {from: {kind: 'bookmark', guid}})).toBe('version-gone')
  await victim.end()

  // One that could not be a token ends the connection, any other is answered.
  for (const resumeToken of craftedTokens({asked: ours, secret, raw: false})) {
    const forger = await serving('source')
    const request = {filesystem: ours.name, to: guid, resumeToken}
    const answer = await forger.ask({verb: 'send', requests: [request]})
    expect(answer === 'hung up' ? (await forger.end()).exitCode : answer).toBeOneOf(['send-policy', 3])
    await forger.end()
  }

  const honest = await serving('source')
  expect(await honest.ask({verb: 'send', requests: [{filesystem: ours.name, to: guid}]})).toBe('sending')
  expect(await honest.header()).toMatchObject({kind: 'header', toguid: guid, toname: `${ours.name}@1`})
  await honest.end()
  expect(everything()).toEqual(before)
})

test('a source neither receives, nor changes what its job does not own', async () => {
  const before = everything()
  const victim = await serving('source')
  const {name} = secret
  const [guid] = secret.guids
  const protection = 'guarantee_resumability'
  for (const request of [
    {verb: 'destroy', requests: [{filesystem: name, snapshots: [{name: '1', guid}]}]},
    {
      verb: 'destroy',
      requests: [{filesystem: outside.name, snapshots: [{name: '1', guid: outside.guids[0]}]}],
    },
    {verb: 'protect', requests: [{filesystem: name, to: [guid], protection}]},
    {verb: 'complete', requests: [{filesystem: name, to: guid, protection}]},
    {verb: 'abort-partial', filesystems: [name]},
    {verb: 'hold-last-received', requests: [{filesystem: name, to: guid}]},
    {verb: 'set-aside', requests: [{filesystem: name, newest: guid}]},
  ])
    expect(await victim.ask(request), request.verb).not.toBe('hung up')
  expect(await victim.end()).toMatchObject({exitCode: 0})
  expect(everything()).toEqual(before)
})

test('a sink changes nothing outside of what is its client’s', async () => {
  const before = everything()
  const victim = await serving('sink')
  const {name} = outside
  const [guid] = outside.guids
  expect(await victim.ask({verb: 'send', requests: [{filesystem: ours.name, to: ours.guids[0]}]})).toBe(
    'peer-refused',
  )
  for (const request of [
    {verb: 'destroy', requests: [{filesystem: name, snapshots: [{name: '1', guid}]}]},
    {verb: 'abort-partial', filesystems: [name]},
    {verb: 'hold-last-received', requests: [{filesystem: name, to: guid}]},
    {verb: 'set-aside', requests: [{filesystem: name, newest: guid}]},
    {verb: 'protect', requests: []},
    {verb: 'complete', requests: []},
  ])
    expect(await victim.ask(request), request.verb).not.toBe('hung up')
  expect(await victim.end()).toMatchObject({exitCode: 0})
  for (const filesystem of ['../outside', 'me/../../outside', '/etc', 'a@b', '-x', 'a//b', '']) {
    const one = await serving('sink')
    expect(await one.ask({verb: 'abort-partial', filesystems: [filesystem]})).toBe('hung up')
    expect(await one.end()).toMatchObject({exitCode: 3, stderr: expect.stringContaining('peer-protocol')})
  }
  expect(everything()).toEqual(before)
})

test('a client sees what its job is about, and holds no more than a step hold of its own on each snapshot (T17)', async () => {
  const source = await serving('source')
  expect(await source.observed()).toEqual([ours.name])
  for (let round = 0; round < 5; round += 1)
    for (const to of ours.guids) {
      const protection = 'guarantee_resumability'
      const requests = [{filesystem: ours.name, to: [to], protection}]
      expect(await source.ask({verb: 'protect', requests})).toBe('outcomes')
    }
  await source.end()
  const held = everything().flatMap(({snapshots}) => snapshots.filter((one) => one.split(' ').length > 2))
  expect(held).toEqual(
    ours.guids.map((guid, index) => `${index + 1} ${guid} zrepl_STEP_J_source`).slice(-held.length),
  )

  const sink = await serving('sink')
  expect((await sink.observed()).filter((name) => name.includes('outside'))).toEqual([])
  await sink.end()
})

test('what follows a whole stream is not taken for a request of somebody else’s (C34)', async () => {
  const victim = await serving('sink')
  const [guid] = ours.guids
  const request = {
    filesystem: 'tank/garbage',
    type: 'filesystem',
    raw: false,
    to: {name: '1', guid},
    protection: 'guarantee_nothing',
    resuming: false,
    confirm: 'now',
  }
  const stream = withMachine(installed.machine, (host) => {
    const sending = prepareSend(host, [`${ours.name}@1`])
    if ('exitCode' in sending) throw new Error(sending.stderr)
    return sending.bytes
  })
  expect(await victim.ask({verb: 'receive', requests: [request]}, stream)).toBe('received')
  const before = everything()
  await victim.write(new Uint8Array(32 * 1024 * 1024).fill(0x7b)).catch(() => undefined)
  expect(await victim.end()).toMatchObject({exitCode: 3, stderr: expect.stringContaining('peer-protocol')})
  expect(everything()).toEqual(before)
})

/** What a thief of a key may put behind an honest announcement of @1, a full stream of a filesystem. */
const LIES: readonly (readonly [string, HeaderFields])[] = [
  ['of another snapshot', {toguid: 99n}],
  ['of an increment', {fromguid: 98n}],
  ['of encrypted blocks', {features: [FEATURE.raw]}],
  ['of a volume', {objectType: 3}],
  ['of what a clone has of its own', {flags: 1}],
  ['with holes', {features: [FEATURE.redacted]}],
  ['that is a package', {hdrtype: 2, payloadBytes: 0}],
  ['of another kind of record', {recordType: 3}],
  ['that is none', {magic: 1n}],
]

test.each(LIES)('a stream %s where a plain one was announced is not received', async (_, fields) => {
  const before = everything()
  const victim = await serving('sink')
  const [guid] = ours.guids
  const request = {
    filesystem: 'tank/lie',
    type: 'filesystem',
    raw: false,
    to: {name: '1', guid},
    protection: 'guarantee_resumability',
    resuming: false,
    confirm: 'now',
  }
  const head = encodeStreamHeader({toguid: BigInt(guid), ...fields})
  const stream = Buffer.concat([head, Buffer.alloc(2 * head.length)])
  expect(await victim.ask({verb: 'receive', requests: [request]}, stream)).toBe('receive-policy')
  await victim.end()
  // What it would have lain in may be there now.
  const isAncestor = ({name}: {readonly name: string}) => /^vault\/backups\/me(\/tank)?$/.test(name)
  expect(everything().filter((dataset) => !isAncestor(dataset))).toEqual(
    before.filter((dataset) => !isAncestor(dataset)),
  )
})

test.each([
  [
    'a frame that claims to have 4 GiB',
    new Uint8Array([0x5a, 0x52, 0x50, 0x4c, 1, 1, 0, 0, 0xff, 0xff, 0xff, 0xff]),
  ],
  ['another protocol', new TextEncoder().encode('GET / HTTP/1.1\r\n\r\n')],
  ['a response', encodeFrame('response', {id: 1, verb: 'sent'})],
  ['a request without a verb', encodeFrame('request', {id: 1})],
  ['zeros', new Uint8Array(64)],
])('%s ends the connection, and nothing else', async (_, bytes) => {
  const before = everything()
  const victim = await serving('sink')
  await victim.write(bytes)
  expect(await victim.end()).toMatchObject({exitCode: 3, stderr: expect.stringContaining('peer-protocol')})
  expect(everything()).toEqual(before)
})

test('a token of a renamed snapshot is one of that snapshot', async () => {
  const victim = await serving('source')
  const [guid] = ours.guids
  const resumeToken = encodeResumeToken({toname: `${ours.name}@renamed`, toguid: BigInt(guid), object: 1n})
  expect(await victim.ask({verb: 'send', requests: [{filesystem: ours.name, to: guid, resumeToken}]})).toBe(
    'sending',
  )
  expect(await victim.header()).toMatchObject({toguid: guid, resuming: true})
  await victim.end()
})
