import type {OpenConnection} from '../../src/lib/core/lane.ts'
import {createLocalReceiver, type ReceiverSettings} from '../../src/lib/endpoint/local-receiver.ts'
import {createLocalSender, type SenderSettings} from '../../src/lib/endpoint/local-sender.ts'
import type {LocalReceiver} from '../../src/lib/endpoint/receiver.ts'
import type {LocalSender} from '../../src/lib/endpoint/sender.ts'
import type {SnapshotPolicy} from '../../src/lib/plan/policy.ts'
import type {JobWork} from '../../src/lib/replicate/job-work.ts'
import {createLanes, type Lanes} from '../../src/lib/rpc/lanes.ts'
import {
  createPullTransfer,
  createPushTransfer,
  createRemoteReceiver,
  createRemoteSender,
} from '../../src/lib/rpc/remote.ts'
import type {Served} from '../../src/lib/rpc/serve.ts'
import type {ZfsClient} from '../../src/lib/zfs/client.ts'
import type {WorldOptions} from './options.ts'
import {
  FILTER,
  KEEP_RECEIVER,
  KEEP_SENDER,
  mappingOf,
  PREFIX,
  RECEIVER_JOB,
  ROOT_FS,
  SENDER_JOB,
} from './world.ts'

const SEND: SenderSettings['send'] = {
  encrypted: false,
  raw: false,
  sendProperties: false,
  backupProperties: false,
  largeBlocks: false,
  compressed: true,
  embeddedData: false,
  saved: false,
}

const SNAPSHOTS: SnapshotPolicy = {
  type: 'periodic',
  prefix: PREFIX,
  intervalMs: 3_600_000,
  timestamp: {format: 'dense', location: 'UTC'},
}

/** The active side's job, wired as the executable wires it, with the network of the simulator. */
export function wireActive(
  options: WorldOptions,
  zfs: ZfsClient,
  open: OpenConnection,
): {readonly work: JobWork; readonly lanes: Lanes} {
  const {initialReplication, protection, concurrentSteps} = options
  const policy = {initialReplication, protection, concurrentSteps}
  const prune = {keepSender: KEEP_SENDER, keepReceiver: KEEP_RECEIVER}
  const lanes = createLanes(open)
  if (options.direction === 'pull') {
    const receiver = receiverOn(options, zfs)
    const replicate = {transfer: createPullTransfer(lanes, receiver), policy, send: undefined}
    return {
      lanes,
      work: {sender: createRemoteSender(lanes), receiver, snapshot: undefined, replicate, prune},
    }
  }
  const sender = senderOn(zfs)
  const replicate = {transfer: createPushTransfer(lanes, sender), policy, send: SEND}
  const snapshot = {sender, policy: SNAPSHOTS}
  return {lanes, work: {sender, receiver: createRemoteReceiver(lanes), snapshot, replicate, prune}}
}

/** What a passive process serves. */
export function wirePassive(options: WorldOptions, zfs: ZfsClient): Served {
  return options.direction === 'push'
    ? {kind: 'receiver', receiver: receiverOn(options, zfs)}
    : {kind: 'sender', sender: senderOn(zfs)}
}

function senderOn(zfs: ZfsClient): LocalSender {
  return createLocalSender(zfs, {jobId: SENDER_JOB, filter: FILTER, send: SEND})
}

function receiverOn(options: WorldOptions, zfs: ZfsClient): LocalReceiver {
  const settings: ReceiverSettings = {
    jobId: RECEIVER_JOB,
    rootFs: ROOT_FS,
    mapping: mappingOf(options),
    recv: {properties: {inherit: [], override: new Map()}, placeholderEncryption: 'inherit'},
  }
  return createLocalReceiver(zfs, settings)
}
