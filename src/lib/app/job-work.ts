import type {RunContext} from '../core/context.ts'
import {createHooks} from '../hook/create-hook.ts'
import {defaultLockDirectory} from '../host/lock.ts'
import {publishPlan, readPlans} from '../host/plan-file.ts'
import {createRunHookProgram} from '../host/run-hook-program.ts'
import type {HookWork, JobWork} from '../replicate/job-work.ts'
import type {Beside} from '../replicate/running-plan.ts'
import type {Watchdog} from '../replicate/watchdog.ts'
import {createLanes, type Lanes} from '../rpc/lanes.ts'
import {
  createPullTransfer,
  createPushTransfer,
  createRemoteReceiver,
  createRemoteSender,
} from '../rpc/remote.ts'
import type {ZfsClient} from '../zfs/client.ts'
import {type ConnectOptions, connectionTo} from './connection.ts'
import {createReceiverOf, createSenderOf, createStages} from './endpoints.ts'
import {ownEnvironment} from './own-environment.ts'
import type {RunnableJob} from './runnable-job.ts'

/** A job wired up: what each phase works with, and the connections to be closed afterwards. */
export type WiredJob = {readonly work: JobWork; readonly lanes: Lanes | undefined}

/** Joins a job with this host's ZFS and, where it replicates, with its peer. Nothing is connected yet. */
export function wireJob(
  ctx: RunContext,
  job: RunnableJob,
  zfs: ZfsClient,
  {watchdog, ...options}: ConnectOptions & {readonly watchdog: Watchdog},
): WiredJob {
  const own = {zfs, stages: createStages(options.lockFd)}
  switch (job.type) {
    case 'push': {
      const lanes = createLanes(ctx, connectionTo(job.connect, options), job.replication.concurrentSteps)
      const sender = createSenderOf(job, own)
      const work: JobWork = {
        sender,
        receiver: createRemoteReceiver(lanes),
        snapshot: {sender, policy: job.snapshotting},
        replicate: {
          transfer: createPushTransfer(lanes, sender, job.replication.compression),
          policy: job.replication,
        },
        prune: job.pruning,
        hooks: hooksOf(job),
        beside: besideOf(job),
        watchdog,
      }
      return {lanes, work}
    }
    case 'pull': {
      const lanes = createLanes(ctx, connectionTo(job.connect, options), job.replication.concurrentSteps)
      const receiver = createReceiverOf(job, undefined, own)
      const work: JobWork = {
        sender: createRemoteSender(lanes),
        receiver,
        snapshot: undefined,
        replicate: {
          transfer: createPullTransfer(lanes, receiver, job.replication.compression),
          policy: job.replication,
        },
        prune: job.pruning,
        hooks: hooksOf(job),
        beside: besideOf(job),
        watchdog,
      }
      return {lanes, work}
    }
    case 'source':
    case 'snap': {
      const sender = createSenderOf(job, own)
      const work: JobWork = {
        sender,
        receiver: undefined,
        snapshot: {sender, policy: job.snapshotting},
        replicate: undefined,
        prune:
          job.type === 'snap'
            ? {
                keepSender: job.pruning.keep,
                keepReceiver: undefined,
                policy: {onConflict: 'keep', limit: job.pruning.limit, goneAfterMs: undefined},
              }
            : undefined,
        hooks: hooksOf(job),
        beside: besideOf(job),
        watchdog,
      }
      return {lanes: undefined, work}
    }
  }
}

function hooksOf({name, hooks}: RunnableJob): HookWork {
  return {job: name, phases: hooks, create: createHooks(createRunHookProgram(ownEnvironment()))}
}

/** Plans lie beside the locks, so those of one user see each other; a host without a place for locks runs nothing. */
function besideOf({name}: RunnableJob): Beside {
  const directory = () => defaultLockDirectory(process.getuid?.() ?? 0, process.env)
  return {
    job: name,
    announce: (text) => publishPlan(directory(), name, text),
    others: () => readPlans(directory()),
  }
}
