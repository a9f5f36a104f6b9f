import {beforeEach, expect, test} from 'vitest'
import {parseJobId} from '../../../src/lib/abstraction/job-id.ts'
import {NO_FLOOR} from '../../../src/lib/endpoint/floor.ts'
import {createLocalReceiver} from '../../../src/lib/endpoint/local-receiver.ts'
import type {Receiver} from '../../../src/lib/endpoint/receiver.ts'
import {createMapping} from '../../../src/lib/scope/mapping.ts'
import {parseDatasetName, parseGuid} from '../../../src/lib/zfs/name.ts'
import type {KeptListing, ListingMemory} from '../../../src/lib/zfs-client/listing-memory.ts'
import type {RunProgram} from '../../../src/lib/zfs-client/run-program.ts'
import {createZfsCliClient} from '../../../src/lib/zfs-client/zfs-cli-client.ts'
import {deliver} from '../../deliver.ts'
import {createMachine} from '../../sim/machine/state.ts'
import {addDataset, addSnapshots, type Host, mustFindDataset, mustFindPool, nextTxg} from '../../sim/pool.ts'
import {runCommand} from '../../sim/zfs.ts'
import {testContext} from '../zfs-client/scripted-program.ts'

const ROOT = parseDatasetName('vault/sink')
const COPY = 'vault/sink/tank/a'
const NEWEST = '255'
const ASIDE = `${COPY}_diverged_00000000000000ff`

let host: Host
let receiver: Receiver

beforeEach(() => {
  host = createMachine('2.3.2')
  addDataset(host, ROOT, 'filesystem')
  addCopy(COPY)
  receiver = receiverWith(undefined)
})

function receiverWith(memory: ListingMemory | undefined): Receiver {
  const said = {signal: undefined, stderr: '', stderrCut: false, exitCode: 0}
  const imported = 'vault\tload_guid\t7\nvault\tfeature@extensible_dataset\tactive\n'
  const run: RunProgram = async (_, call) =>
    deliver(call, {
      ...said,
      ...(call.program === 'zpool' ? {stdout: imported} : runCommand(host, call.argv)),
    })
  return createLocalReceiver(createZfsCliClient(run, memory), {
    jobId: parseJobId('sink'),
    rootFs: ROOT,
    mapping: createMapping(ROOT, undefined),
    recv: {properties: {inherit: [], override: new Map()}, placeholderEncryption: 'inherit'},
    floor: NO_FLOOR,
    pace: undefined,
    stages: {
      compressions: () => [],
      compress: () => expect.fail('nothing is compressed here'),
      decompress: () => expect.fail('nothing is compressed here'),
    },
  })
}

/** With `@1` and `@2`. */
function addCopy(name: string): void {
  const dataset = addDataset(host, name, 'filesystem')
  for (const snapshot of ['1', '2'])
    addSnapshots(host, [dataset], snapshot, nextTxg(mustFindPool(host, 'vault')))
  dataset.snapshots = dataset.snapshots.map((one, index) => (index === 1 ? {...one, guid: NEWEST} : one))
}

function hold(tag: string, snapshot: string): void {
  expect(runCommand(host, ['hold', tag, snapshot]).exitCode).toBe(0)
}

async function setAside() {
  const [outcome] = await receiver.setAside(testContext(), [
    {filesystem: parseDatasetName('tank/a'), newest: parseGuid(NEWEST)},
  ])
  return outcome?.kind === 'failed' ? outcome.failure.message : outcome?.kind
}

const datasets = () =>
  Array.from(mustFindPool(host, 'vault').datasets.keys()).filter((name) => name.includes('/a'))
const holds = (name: string) => mustFindDataset(host, name).snapshots.map((one) => [...one.holds.keys()])

test('a copy of this job gets another name and loses the hold of the job, and no other', async () => {
  hold('zrepl_last_received_J_sink', `${COPY}@1`)
  hold('mine', `${COPY}@2`)
  expect(await setAside()).toBe('done')
  expect(datasets()).toEqual([ASIDE])
  expect(holds(ASIDE)).toEqual([[], ['mine']])
})

test('the same copy, come again, gets a name with a number', async () => {
  for (const name of [ASIDE, `${ASIDE}_2`, `${ASIDE}_3`]) {
    hold('zrepl_last_received_J_sink', `${COPY}@1`)
    expect(await setAside()).toBe('done')
    expect(datasets()).toContain(name)
    addCopy(COPY)
  }
})

test.each([
  [[], 'does not carry zrepl_last_received_J_sink: this job has not received it'],
  [['mine', 'zrepl_STEP_J_sink'], 'does not carry zrepl_last_received_J_sink: this job has not received it'],
  [['zrepl_last_received_J_other'], 'carries zrepl_last_received_J_other: another job receives it'],
  [
    ['zrepl_last_received_J_sink', 'zrepl_last_received_J_other'],
    'carries zrepl_last_received_J_other: another job receives it',
  ],
])('a copy that is held by %j stays where it is', async (tags, why) => {
  for (const tag of tags) hold(tag, `${COPY}@1`)
  expect(await setAside()).toBe(`'${COPY}' ${why}`)
  expect(datasets()).toEqual([COPY])
})

test('what has been held since an earlier run has listed it is seen', async () => {
  let kept: KeptListing | undefined
  const {snapshotsChanged} = mustFindDataset(host, COPY)
  receiver = receiverWith({
    readClocks: () => ({wallMs: snapshotsChanged * 1000 + 60_000, upMs: 0}),
    recall: () => kept,
    keep: (listing) => {
      kept = listing
    },
    note: () => {},
  })
  hold('zrepl_last_received_J_sink', `${COPY}@1`)
  await receiver.observe(testContext())
  hold('zrepl_last_received_J_other', `${COPY}@2`)
  expect(kept?.datasets.has(parseDatasetName(COPY))).toBe(true)
  expect(await setAside()).toBe(`'${COPY}' carries zrepl_last_received_J_other: another job receives it`)
})
