import {createReceiverOf, createSenderOf, type OwnHost} from '../../src/lib/app/endpoints.ts'
import type {RunContext} from '../../src/lib/core/context.ts'
import type {OpenConnection} from '../../src/lib/core/lane.ts'
import type {JobWork} from '../../src/lib/replicate/job-work.ts'
import {createWatchdog, type Watchdog} from '../../src/lib/replicate/watchdog.ts'
import {createLanes, type Lanes} from '../../src/lib/rpc/lanes.ts'
import {
  createPullTransfer,
  createPushTransfer,
  createRemoteReceiver,
  createRemoteSender,
} from '../../src/lib/rpc/remote.ts'
import type {Served} from '../../src/lib/rpc/serve.ts'
import {CLIENT, jobsOf, SENDER_JOB} from './jobs.ts'
import type {WorldOptions} from './options.ts'

/** The simulator runs one thing at a time. */
const ALONE: JobWork['beside'] = {job: SENDER_JOB, announce: () => ({withdraw() {}}), others: () => []}

/** Its clock does not tick by itself, and nobody looks. */
const NO_LIMIT = {idleMs: undefined, movedBytes: () => undefined}

const NO_HOOKS: JobWork['hooks'] = {
  job: 'simulated',
  phases: [],
  create: () => {
    throw new Error('the jobs of the simulator have no hooks')
  },
}

/** The active side's job, wired as the executable wires it, with the network of the simulator. */
export function wireActive(
  ctx: RunContext,
  options: WorldOptions,
  own: OwnHost,
  open: OpenConnection,
  watchdog: Watchdog = createWatchdog({monotonic: () => 0}, NO_LIMIT),
): {readonly work: JobWork; readonly lanes: Lanes} {
  const {active: job} = jobsOf(options)
  const lanes = createLanes(ctx, open, job.replication.concurrentSteps)
  const {replication: policy, pruning: prune} = job
  if (job.type === 'pull') {
    const receiver = createReceiverOf(job, undefined, own)
    const replicate = {transfer: createPullTransfer(lanes, receiver, policy.compression), policy}
    return {
      lanes,
      work: {
        sender: createRemoteSender(lanes),
        receiver,
        snapshot: undefined,
        replicate,
        prune,
        hooks: NO_HOOKS,
        beside: ALONE,
        watchdog,
      },
    }
  }
  const sender = createSenderOf(job, own)
  const replicate = {transfer: createPushTransfer(lanes, sender, policy.compression), policy}
  const snapshot = {sender, policy: job.snapshotting}
  return {
    lanes,
    work: {
      sender,
      receiver: createRemoteReceiver(lanes),
      snapshot,
      replicate,
      prune,
      hooks: NO_HOOKS,
      beside: ALONE,
      watchdog,
    },
  }
}

/** What a passive process serves. */
export function wirePassive(options: WorldOptions, own: OwnHost): Served {
  const {passive: job} = jobsOf(options)
  return job.type === 'sink'
    ? {kind: 'receiver', receiver: createReceiverOf(job, CLIENT, own)}
    : {kind: 'sender', sender: createSenderOf(job, own)}
}
