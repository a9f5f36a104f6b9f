import {OperationalError, Stopped} from '../../src/lib/core/errors.ts'
import type {ExitStatus} from '../../src/lib/core/exit-code.ts'
import {PHASES, type Phase} from '../../src/lib/replicate/phase.ts'
import {type JobOutcome, runJob} from '../../src/lib/replicate/run-job.ts'
import {statusOf} from '../../src/lib/report/exit-status.ts'
import {readOnly} from '../../src/lib/zfs-client/read-only.ts'
import type {Fault} from './fault.ts'
import {createInvariants, type Violation} from './invariants.ts'
import type {Timers} from './process/clock.ts'
import type {Entry} from './process/entry.ts'
import type {Replays} from './replay.ts'
import {createStage, type Stage} from './stage.ts'
import {wireActive} from './wire.ts'
import type {World} from './world.ts'

export type RunRequest = {
  readonly faults?: readonly Fault[]
  readonly phases?: readonly Phase[]
  readonly dryRun?: boolean
  /** Requests that arrive twice. */
  readonly replays?: Replays
}

/** How a run ended, and everything that happened in it. */
export type Run = {
  readonly end:
    | {readonly kind: 'done'; readonly outcome: JobOutcome; readonly status: ExitStatus}
    | {readonly kind: 'killed'}
    | {readonly kind: 'failed'; readonly error: unknown}
  readonly trace: readonly Entry[]
  /** Processes that served the active one: one for each connection. */
  readonly sessions: number
  /** Writes of the protocol, of both sides. */
  readonly frames: number
  readonly violations: readonly Violation[]
}

/**
 * One run of the real program in `world`, from its start to the end of its last process. Nothing in it takes real time
 * or chance: all code runs in microtasks, and virtual time passes when there are none left.
 */
export async function run(world: World, request: RunRequest = {}): Promise<Run> {
  const {faults = [], dryRun = false, replays} = request
  const invariants = createInvariants(world)
  const stage = createStage(world, faults, invariants, {dryRun, replays})
  const {active, passives, timers, director} = stage
  let end: Run['end'] | undefined
  active.onEnd(() => {
    end ??= {kind: 'killed'}
  })
  active.whileAlive(runWired(world, stage, request)).then(
    (outcome) => {
      end ??= {kind: 'done', outcome, status: statusOf(outcome)}
    },
    (error) => {
      if (!(error instanceof OperationalError || error instanceof Stopped)) invariants.bug(active, error)
      end ??= {kind: 'failed', error}
    },
  )

  if (!(await settle(world, timers, () => end !== undefined)))
    invariants.report('I12', director.trace.at(-1), 'the active process waits for ever')
  active.exit()
  if (!(await settle(world, timers, () => passives.every((process) => !process.alive()))))
    invariants.report('I12', director.trace.at(-1), 'a passive process waits for ever')
  for (const process of passives) process.kill()
  await nothingLeft()
  invariants.end()
  return {
    end: end ?? {kind: 'failed', error: new Error('stuck')},
    trace: director.trace,
    sessions: passives.length,
    frames: stage.frames(),
    violations: invariants.violations,
  }
}

/** What the executable does between its start and its exit. */
async function runWired(
  {options}: World,
  {active, zfsOf, stagesOf, open}: Stage,
  {phases = PHASES, dryRun = false}: RunRequest,
): Promise<JobOutcome> {
  const zfs = zfsOf(active)
  const own = {zfs: dryRun ? readOnly(zfs) : zfs, stages: stagesOf(active)}
  const {work, lanes} = wireActive(active.ctx, options, own, open)
  try {
    const request = {phases, dryRun, wanted: 'due', sizes: dryRun, yesLargePrune: false} as const
    return await runJob(active.ctx, work, request)
  } finally {
    await lanes.close()
  }
}

/** Signs of life go on for ever; no single run takes longer than this, of virtual time. */
const FOR_EVER_MS = 24 * 3_600_000

/** Lets everything happen that can, then time pass, until `done`. False when that is not going to be. */
async function settle({nature}: World, timers: Timers, done: () => boolean): Promise<boolean> {
  const endMs = nature.nowMs + FOR_EVER_MS
  for (;;) {
    await nothingLeft()
    if (done()) return true
    if (nature.nowMs > endMs || !timers.advance()) return false
  }
}

/** Resolves when no microtask is left. */
function nothingLeft(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
