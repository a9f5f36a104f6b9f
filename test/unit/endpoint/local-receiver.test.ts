import {expect, test} from 'vitest'
import {parseJobId} from '../../../src/lib/abstraction/job-id.ts'
import type {Pace} from '../../../src/lib/core/stream.ts'
import type {StreamStages} from '../../../src/lib/core/stream-stage.ts'
import {NO_FLOOR} from '../../../src/lib/endpoint/floor.ts'
import {createLocalReceiver} from '../../../src/lib/endpoint/local-receiver.ts'
import type {ReceiveRequest} from '../../../src/lib/endpoint/receiver.ts'
import type {ReceiverSettings} from '../../../src/lib/endpoint/receiving-side.ts'
import type {EndpointView} from '../../../src/lib/endpoint/view.ts'
import {createMapping} from '../../../src/lib/scope/mapping.ts'
import {parseDatasetName, parseGuid} from '../../../src/lib/zfs/name.ts'
import type {KeptListing, ListingMemory} from '../../../src/lib/zfs-client/listing-memory.ts'
import type {RunProgram} from '../../../src/lib/zfs-client/run-program.ts'
import {createZfsCliClient} from '../../../src/lib/zfs-client/zfs-cli-client.ts'
import {NO_STREAM} from '../../any-stream.ts'
import {deliver} from '../../deliver.ts'
import {createMachine} from '../../sim/machine/state.ts'
import {
  addDataset,
  addSnapshots,
  type Dataset,
  type Host,
  mustFindDataset,
  mustFindPool,
  nextTxg,
  type Snapshot,
} from '../../sim/pool.ts'
import {runCommand} from '../../sim/zfs.ts'
import {testContext} from '../zfs-client/scripted-program.ts'

const ROOT = parseDatasetName('vault/sealed')
const COPY = 'vault/sealed/tank/data'

const unexpected = () => {
  throw new Error('nothing is compressed here')
}
const NO_STAGES: StreamStages = {
  compressions: () => ['zstd'],
  compress: unexpected,
  decompress: unexpected,
}

const SETTINGS: ReceiverSettings = {
  jobId: parseJobId('sink'),
  rootFs: ROOT,
  mapping: createMapping(ROOT, undefined),
  recv: {properties: {inherit: [], override: new Map()}, placeholderEncryption: 'inherit'},
  floor: NO_FLOOR,
  pace: undefined,
  stages: NO_STAGES,
}

/** A receiver with an encrypted root, whose `zfs receive` does what `receive` does, and says what that returns. */
function receiverWhere(receive: (dataset: Dataset) => string) {
  const host = createMachine('2.3.2')
  addDataset(host, ROOT, 'filesystem').encryption = {root: ROOT, keyLoaded: true}
  const run: RunProgram = async (_, call) => {
    const said = {signal: undefined, stdout: '', stderr: '', stderrCut: false}
    if (call.argv[0] !== 'receive') return deliver(call, {...said, ...runCommand(host, call.argv)})
    const dataset = addDataset(host, COPY, 'filesystem')
    addSnapshots(host, [dataset], '1', nextTxg(mustFindPool(host, 'vault')))
    const stderr = receive(dataset)
    return {...said, stderr, exitCode: stderr === '' ? 0 : 1}
  }
  return {host, receiver: createLocalReceiver(createZfsCliClient(run), SETTINGS)}
}

const GUID = '77'

const REQUEST: ReceiveRequest = {
  filesystem: parseDatasetName('tank/data'),
  type: 'filesystem',
  raw: false,
  from: undefined,
  to: {name: '1', guid: parseGuid(GUID)},
  protection: 'guarantee_resumability',
  resuming: false,
  confirm: 'now',
}

/** It arrives as the snapshot that was announced. */
function arrive(dataset: Dataset): void {
  const [snapshot] = dataset.snapshots
  if (snapshot !== undefined) dataset.snapshots[0] = {...snapshot, guid: GUID}
}

const holdsOf = (host: Host) => mustFindDataset(host, COPY).snapshots.flatMap(({holds}) => [...holds.keys()])

test('what has arrived in the clear below an encrypted root is told, and not held as a good copy', async () => {
  const {host, receiver} = receiverWhere((dataset) => {
    arrive(dataset)
    dataset.encryption = undefined
    return ''
  })
  await expect(receiver.receive(testContext(), [REQUEST], NO_STREAM)).rejects.toMatchObject({
    code: 'receive-policy',
    message: `root_fs 'vault/sealed' is encrypted, but '${COPY}' has arrived without encryption and was left for you to look at`,
  })
  expect(holdsOf(host)).toEqual([])
})

test('what was committed counts, whatever zfs receive said afterwards', async () => {
  const {host, receiver} = receiverWhere((dataset) => {
    arrive(dataset)
    return `cannot mount '/vault/data': failed to create mountpoint: Read-only file system\n`
  })
  const {warnings} = await receiver.receive(testContext(), [REQUEST], NO_STREAM)
  expect(warnings).toEqual([
    `received, but zfs receive said: cannot mount '/vault/data': failed to create mountpoint: Read-only file system`,
  ])
  expect(holdsOf(host)).toEqual(['zrepl_last_received_J_sink'])
})

test('where a key is fetched from is set back also when the stream that brings it fails (T40)', async () => {
  const host = createMachine('2.3.2')
  addDataset(host, ROOT, 'filesystem')
  const changes: string[] = []
  const run: RunProgram = async (_, call) => {
    const said = {signal: undefined, stdout: '', stderr: '', stderrCut: false, exitCode: 0}
    const line = call.argv.join(' ')
    if (line.startsWith('get') && line.includes(' keylocation '))
      return deliver(call, {...said, stdout: `${COPY}\tkeylocation\thttps://theirs\n`})
    if (line.startsWith('set')) changes.push(line)
    if (line.startsWith('set')) return said
    if (line.startsWith('receive')) return {...said, stderr: 'cannot receive: out of space\n', exitCode: 1}
    return deliver(call, {...said, ...runCommand(host, call.argv)})
  }
  const receiver = createLocalReceiver(createZfsCliClient(run), {
    ...SETTINGS,
    recv: {properties: {inherit: ['keylocation'], override: new Map()}, placeholderEncryption: 'inherit'},
  })
  const raw = {...REQUEST, raw: true, resuming: true}
  await expect(receiver.receive(testContext(), [raw], NO_STREAM)).rejects.toMatchObject({
    code: 'receive-failed',
  })
  expect(changes).toEqual([`set keylocation=prompt ${COPY}`])
})

test('what has another guid than announced does not count, whatever zfs receive said', async () => {
  const {host, receiver} = receiverWhere(() => '')
  await expect(receiver.receive(testContext(), [REQUEST], NO_STREAM)).rejects.toMatchObject({
    code: 'receive-not-confirmed',
    message: `'${COPY}@1' with guid 77 is not there after receive`,
  })
  expect(holdsOf(host)).toEqual([])
})

/** A receiver that has `@0`, of which `behave` says what its `zfs receive` does with the stream of each next snapshot. */
function receiverOfIncrements(behave: (index: number) => 'arrives' | 'fails' | 'only-says-so', pace?: Pace) {
  const host = createMachine('2.3.2')
  addDataset(host, ROOT, 'filesystem')
  const dataset = addDataset(host, COPY, 'filesystem')
  const add = (name: string) => {
    addSnapshots(host, [dataset], name, nextTxg(mustFindPool(host, 'vault')))
    const last = dataset.snapshots.length - 1
    dataset.snapshots[last] = {...(dataset.snapshots[last] as Snapshot), guid: `${last + 1}00`}
  }
  add('0')
  const commands: string[] = []
  let streams = 0
  const run: RunProgram = async (_, call) => {
    const said = {signal: undefined, stdout: '', stderr: '', stderrCut: false}
    commands.push(call.argv[0] ?? '')
    if (call.argv[0] !== 'receive') return deliver(call, {...said, ...runCommand(host, call.argv)})
    const behaviour = behave(streams)
    streams += 1
    if (behaviour === 'arrives') add(String(streams))
    return behaviour === 'fails'
      ? {...said, stderr: 'cannot receive incremental stream: out of space\n', exitCode: 1}
      : {...said, exitCode: 0}
  }
  const receiver = createLocalReceiver(createZfsCliClient(run), {...SETTINGS, pace})
  return {receiver, commands, dataset}
}

/** `@0 -> @1`, `@1 -> @2`, `@2 -> @3`; the last one is confirmed and held. */
const SERIES = [1, 2, 3].map(
  (number): ReceiveRequest => ({
    ...REQUEST,
    from: parseGuid(`${number}00`),
    to: {name: String(number), guid: parseGuid(`${number + 1}00`)},
    confirm: number === 3 ? 'now' : 'later',
  }),
)

test('several streams are received one after the other; the pool is looked at once, and the last one is held', async () => {
  const {receiver, commands, dataset} = receiverOfIncrements(() => 'arrives')
  const began: number[] = []
  expect(
    await receiver.receive(testContext(), SERIES, NO_STREAM, {began: (index) => began.push(index)}),
  ).toEqual({arrived: 3, warnings: []})
  expect(began).toEqual([0, 1, 2])
  expect(dataset.snapshots.map(({name, holds}) => [name, [...holds.keys()]])).toEqual([
    ['0', []],
    ['1', []],
    ['2', []],
    ['3', ['zrepl_last_received_J_sink']],
  ])
  const firstStream = commands.indexOf('receive')
  expect(commands.slice(firstStream)).toEqual(['receive', 'receive', 'receive', 'list', 'hold'])
})

test('of several streams those count that are on the pool before the one that fails', async () => {
  const {receiver} = receiverOfIncrements((index) => (index === 2 ? 'fails' : 'arrives'))
  expect(await receiver.receive(testContext(), SERIES, NO_STREAM)).toMatchObject({
    arrived: 2,
    failure: expect.objectContaining({
      code: 'receive-failed',
      message: `cannot receive '${COPY}@3': cannot receive incremental stream: out of space`,
      retryable: true,
    }),
  })
})

test('a stream that zfs receive only says it has received does not count, nor what is behind it', async () => {
  const {receiver} = receiverOfIncrements(
    (index) => (['arrives', 'only-says-so', 'fails'] as const)[index] ?? 'fails',
  )
  expect(await receiver.receive(testContext(), SERIES, NO_STREAM)).toMatchObject({arrived: 1})

  const liar = receiverOfIncrements(() => 'only-says-so')
  await expect(liar.receiver.receive(testContext(), SERIES, NO_STREAM)).rejects.toMatchObject({
    code: 'receive-not-confirmed',
    message: `'${COPY}@3' with guid 400 is not there after receive`,
  })
})

test('another process than the one that remembered lists what it is to confirm', async () => {
  const host = createMachine('2.3.2')
  addDataset(host, ROOT, 'filesystem')
  const dataset = addDataset(host, COPY, 'filesystem')
  addSnapshots(host, [dataset], '1', nextTxg(mustFindPool(host, 'vault')))
  const listed: string[] = []
  const run: RunProgram = async (_, call) => {
    if (call.argv.includes('snapshot,bookmark')) listed.push(call.argv.at(-1) ?? '')
    const said = {signal: undefined, stderr: '', stderrCut: false}
    const imported = 'vault\tload_guid\t7\nvault\tfeature@extensible_dataset\tactive\n'
    if (call.program === 'zpool') return deliver(call, {...said, stdout: imported, exitCode: 0})
    return deliver(call, {...said, ...runCommand(host, call.argv)})
  }
  let kept: KeptListing | undefined
  const memory: ListingMemory = {
    readClocks: () => ({wallMs: dataset.snapshotsChanged * 1000 + 60_000, upMs: 0}),
    recall: () => kept,
    keep: (listing) => {
      kept = listing
    },
    note: () => {},
  }
  const another = () => createLocalReceiver(createZfsCliClient(run, memory), SETTINGS)
  const remembered = async (view: Promise<EndpointView>) =>
    (await view).filesystems.filter(({remembered}) => remembered).map(({filesystem}) => filesystem)
  await another().observe(testContext())
  listed.length = 0
  expect(await remembered(another().observe(testContext()))).toContain(REQUEST.filesystem)
  expect(listed).toEqual([])
  expect(await remembered(another().observe(testContext(), [REQUEST.filesystem]))).not.toContain(
    REQUEST.filesystem,
  )
  expect(listed).toEqual([COPY])
})

test('a receiver that is slowed down offers one stream at a time, and takes no more', async () => {
  const pace: Pace = {chunkBytes: 1, take: async () => undefined}
  const {receiver, commands} = receiverOfIncrements(() => 'arrives', pace)
  expect((await receiver.observe(testContext())).maxStreams).toBe(1)
  expect((await receiverOfIncrements(() => 'arrives').receiver.observe(testContext())).maxStreams).toBe(100)
  await expect(receiver.receive(testContext(), SERIES, NO_STREAM)).rejects.toMatchObject({
    code: 'peer-protocol',
  })
  expect(commands).not.toContain('receive')
})
