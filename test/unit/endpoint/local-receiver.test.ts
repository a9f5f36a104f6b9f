import {expect, test} from 'vitest'
import {parseJobId} from '../../../src/lib/abstraction/job-id.ts'
import {NO_FLOOR} from '../../../src/lib/endpoint/floor.ts'
import {createLocalReceiver} from '../../../src/lib/endpoint/local-receiver.ts'
import type {ReceiveRequest} from '../../../src/lib/endpoint/receiver.ts'
import {createMapping} from '../../../src/lib/scope/mapping.ts'
import {parseDatasetName, parseGuid} from '../../../src/lib/zfs/name.ts'
import type {RunProgram} from '../../../src/lib/zfs-client/run-program.ts'
import {createZfsCliClient} from '../../../src/lib/zfs-client/zfs-cli-client.ts'
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
} from '../../sim/pool.ts'
import {runCommand} from '../../sim/zfs.ts'
import {testContext} from '../zfs-client/scripted-program.ts'

const ROOT = parseDatasetName('vault/sealed')
const COPY = 'vault/sealed/tank/data'

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
  const receiver = createLocalReceiver(createZfsCliClient(run), {
    jobId: parseJobId('sink'),
    rootFs: ROOT,
    mapping: createMapping(ROOT, undefined),
    recv: {properties: {inherit: [], override: new Map()}, placeholderEncryption: 'inherit'},
    floor: NO_FLOOR,
    pace: undefined,
  })
  return {host, receiver}
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
  await expect(receiver.receive(testContext(), REQUEST, {fd: -1})).rejects.toMatchObject({
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
  const {warnings} = await receiver.receive(testContext(), REQUEST, {fd: -1})
  expect(warnings).toEqual([
    `received, but zfs receive said: cannot mount '/vault/data': failed to create mountpoint: Read-only file system`,
  ])
  expect(holdsOf(host)).toEqual(['zrepl_last_received_J_sink'])
})

test('what has another guid than announced does not count, whatever zfs receive said', async () => {
  const {host, receiver} = receiverWhere(() => '')
  await expect(receiver.receive(testContext(), REQUEST, {fd: -1})).rejects.toMatchObject({
    code: 'receive-not-confirmed',
    message: `'${COPY}@1' with guid 77 is not there after receive`,
  })
  expect(holdsOf(host)).toEqual([])
})
