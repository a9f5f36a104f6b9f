import type {RunContext} from '../../src/lib/core/context.ts'
import {OperationalError} from '../../src/lib/core/errors.ts'
import type {LocalReceiver} from '../../src/lib/endpoint/receiver.ts'
import {runJob} from '../../src/lib/replicate/run-job.ts'
import {createWatchdog} from '../../src/lib/replicate/watchdog.ts'
import type {FilesystemReport} from '../../src/lib/report/report.ts'
import {createLanes} from '../../src/lib/rpc/lanes.ts'
import {createPushTransfer, createRemoteReceiver} from '../../src/lib/rpc/remote.ts'
import {endpointsOf, type Jobs} from './jobs.ts'
import {openHere} from './open-here.ts'
import {cutStream} from './stream.ts'
import type {World} from './world.ts'

/** How an interrupted run goes wrong. */
export type Disturbance = {
  /** Streams end after so many bytes. */
  readonly cutAfter?: number
  /** The message that confirms a step to the sender is lost. */
  readonly loseCompletion?: boolean
}

/**
 * One run of the job `push` in this process, both sides, with the protocol between them. Returns the report of each
 * filesystem by its path below the case's dataset.
 */
export async function replicate(
  world: World,
  jobs: Jobs = {},
  {cutAfter, loseCompletion = false}: Disturbance = {},
): Promise<ReadonlyMap<string, FilesystemReport>> {
  const {ctx} = world
  const {sender, receiver, policy} = endpointsOf(world, jobs)
  const disturbed = cutAfter === undefined ? receiver : receivingUpTo(receiver, cutAfter)
  const lanes = createLanes(
    ctx,
    openHere(ctx, {kind: 'receiver', receiver: disturbed}),
    policy.concurrentSteps,
  )
  try {
    const {replicate, error} = await runJob(
      ctx,
      {
        sender: loseCompletion ? {...sender, complete: lost} : sender,
        receiver: createRemoteReceiver(lanes),
        snapshot: undefined,
        replicate: {transfer: createPushTransfer(lanes, sender), policy},
        prune: undefined,
        hooks: {job: 'push', phases: [], create: noHooks},
        beside: {job: 'push', announce: () => ({withdraw: () => undefined}), others: () => []},
        watchdog: createWatchdog(ctx.clock, {idleMs: undefined, movedBytes: () => undefined}),
      },
      {phases: ['replicate'], dryRun: false, yesLargePrune: false, wanted: 'due', sizes: false},
    )
    const problem = error ?? replicate?.error
    if (replicate === undefined || problem !== undefined) throw new Error(problem?.message ?? 'no report')
    return byPath(world, replicate.filesystems)
  } finally {
    await lanes.close()
  }
}

function receivingUpTo(receiver: LocalReceiver, bytes: number): LocalReceiver {
  return {
    ...receiver,
    async receive(ctx: RunContext, request, source) {
      const cut = cutStream(source, bytes)
      try {
        return await receiver.receive(ctx, request, cut.stream)
      } finally {
        cut.close()
      }
    },
  }
}

async function lost(): Promise<never> {
  throw new OperationalError('peer-unreachable', 'the confirmation was lost')
}

function noHooks(): never {
  throw new Error('these jobs have no hooks')
}

function byPath({root}: World, reports: readonly FilesystemReport[]): ReadonlyMap<string, FilesystemReport> {
  return new Map(reports.map((report) => [report.filesystem.slice(root.length + 1), report]))
}
