import {takeJob} from '../../src/lib/app/take-job.ts'
import {watchRun} from '../../src/lib/app/watch-run.ts'
import {OperationalError, Stopped} from '../../src/lib/core/errors.ts'
import type {ExitStatus} from '../../src/lib/core/exit-code.ts'
import {PHASES, type Phase} from '../../src/lib/replicate/phase.ts'
import {type JobOutcome, runJob} from '../../src/lib/replicate/run-job.ts'
import {createWatchdog} from '../../src/lib/replicate/watchdog.ts'
import {reportedError} from '../../src/lib/report/describe-error.ts'
import {statusOf} from '../../src/lib/report/exit-status.ts'
import type {Fault} from './fault.ts'
import {createInvariants, type Invariants, type Violation} from './invariants.ts'
import {jobsOf} from './jobs.ts'
import {createMeeting, type Meeting} from './place.ts'
import {createTimers, type Timers} from './process/clock.ts'
import type {Entry} from './process/entry.ts'
import {createStage, type Stage} from './stage.ts'
import {wireActive} from './wire.ts'
import type {World} from './world.ts'

/** When something happens: so long after the beginning, or right before a command of a run that is under way. */
export type When = {readonly afterMs: number} | {readonly run: number; readonly command: number}

/** Runs are told apart by their position among the starts. */
export type Happening =
  | {
      readonly kind: 'start'
      readonly when: When
      readonly faults?: readonly Fault[]
      readonly phases?: readonly Phase[]
      /** It knows nothing of the locks of the others: it has its files elsewhere, and still the identity of this job. */
      readonly elsewhere?: boolean
      /** `watchdog.idle` as this run has read it. */
      readonly idleMs?: number
    }
  /** SIGKILL; what the run has started goes on. */
  | {readonly kind: 'kill'; readonly when: When; readonly victim: number}
  /** Somebody sets the clock of the job's host. */
  | {readonly kind: 'clock'; readonly when: When; readonly skewMs: number}

/** How one of them ended; `end` is `undefined` for one that never began or was killed. */
export type TogetherRun = {
  readonly end: {readonly status: ExitStatus; readonly outcome: JobOutcome} | undefined
  readonly trace: readonly Entry[]
  /** When it ended, milliseconds after the beginning. */
  readonly endedAtMs: number | undefined
}

export type Together = {readonly runs: readonly TogetherRun[]; readonly violations: readonly Violation[]}

/** Longer than anything takes; watchdogs look for ever. */
const TOO_LONG_MS = 30 * 24 * 3_600_000

/** Several starts of the job of `world` on its host, in one virtual time. */
export async function together(world: World, happenings: readonly Happening[]): Promise<Together> {
  const timers = createTimers(world.nature)
  const invariants = createInvariants(world)
  const meeting = createMeeting()
  const beganAtMs = world.nature.nowMs
  const starts = happenings.filter((happening) => happening.kind === 'start')
  const runs = starts.map(({faults = [], phases = PHASES, idleMs, elsewhere}, index) =>
    createRun(world, {
      name: `run ${index}`,
      faults,
      phases,
      idleMs,
      timers,
      invariants,
      meeting: elsewhere ? createMeeting() : meeting,
      onCommand: (command) =>
        happen((when) => 'run' in when && when.run === index && when.command === command),
    }),
  )
  const waiting = new Set(happenings)

  function happen(isNow: (when: When) => boolean): void {
    for (const happening of Array.from(waiting)) {
      if (!isNow(happening.when)) continue
      waiting.delete(happening)
      if (happening.kind === 'start') runs[starts.indexOf(happening)]?.start()
      if (happening.kind === 'kill') runs[happening.victim]?.kill()
      if (happening.kind === 'clock') runs[0]?.setClock(happening.skewMs)
    }
  }

  for (const {when} of happenings)
    if ('afterMs' in when)
      void timers
        .sleep(when.afterMs, NEVER)
        .then(() => happen((other) => 'afterMs' in other && other.afterMs <= when.afterMs))

  while (
    runs.some((run) => run.isBusy()) ||
    happenings.some((one) => waiting.has(one) && 'afterMs' in one.when)
  ) {
    await nothingLeft()
    if (!timers.advance() || world.nature.nowMs - beganAtMs > TOO_LONG_MS) {
      if (runs.some((run) => run.isBusy())) invariants.report('I12', undefined, 'a process waits for ever')
      break
    }
  }
  await nothingLeft()
  invariants.end()
  return {
    runs: runs.map((run) => run.result(beganAtMs)),
    violations: invariants.violations,
  }
}

const NEVER = new AbortController().signal

/** Resolves when no microtask is left. */
function nothingLeft(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

type RunOptions = {
  readonly name: string
  readonly faults: readonly Fault[]
  readonly phases: readonly Phase[]
  readonly idleMs: number | undefined
  readonly timers: Timers
  readonly invariants: Invariants
  readonly meeting: Meeting
  readonly onCommand: (index: number) => void
}

/** One process of the program, and those that serve it. */
function createRun(world: World, options: RunOptions) {
  const {name, faults, timers, invariants, onCommand} = options
  const stop = new AbortController()
  const stage = createStage(world, faults, invariants, {
    dryRun: false,
    timers,
    run: name,
    signal: stop.signal,
    onCommand,
  })
  const {active, passives, director} = stage
  let started = false
  let end: TogetherRun['end']
  let endedAtMs: number | undefined

  active.onEnd(() => {
    endedAtMs = world.nature.nowMs
  })

  return {
    start() {
      started = true
      active.whileAlive(runLocked(world, stage, stop, options)).then(
        (outcome) => {
          end = {status: statusOf(outcome), outcome}
          active.exit()
        },
        (error) => {
          invariants.bug(active, error)
          active.exit()
        },
      )
    },
    kill: () => active.kill(),
    setClock(skewMs: number) {
      active.host.skewMs = skewMs
    },
    isBusy: () => started && (active.alive() || passives.some((process) => process.alive())),
    result: (beganAtMs: number): TogetherRun => ({
      end,
      trace: director.trace,
      endedAtMs: endedAtMs === undefined ? undefined : endedAtMs - beganAtMs,
    }),
  }
}

/** What the executable does with a job, from taking its lock to giving it back. */
async function runLocked(
  {options}: World,
  stage: Stage,
  stop: AbortController,
  {meeting, phases, idleMs}: RunOptions,
): Promise<JobOutcome> {
  const {active, zfsOf, stagesOf, open} = stage
  const {ctx} = active
  const place = meeting.placeOf(active, stop)
  const {active: job} = jobsOf(options)
  try {
    const lock = await takeJob(ctx, job, place)
    const limits = {idleMs: idleMs ?? job.idleMs, movedBytes: () => movedBytes(stage)}
    const watchdog = createWatchdog(ctx.clock, limits)
    const watch = watchRun(ctx, watchdog, place, undefined)
    try {
      const {work, lanes} = wireActive(
        ctx,
        options,
        {zfs: zfsOf(active), stages: stagesOf(active)},
        open,
        watchdog,
      )
      try {
        const request = {phases, dryRun: false, wanted: 'due', sizes: false, yesLargePrune: false} as const
        return await runJob(ctx, work, request)
      } finally {
        await lanes.close()
      }
    } finally {
      watch.stop()
      lock.release()
    }
  } catch (thrown) {
    if (thrown instanceof OperationalError || thrown instanceof Stopped)
      return {warnings: [], error: reportedError(thrown)}
    throw thrown
  }
}

/** A block of the simulator is some bytes, and stands for as many KiB. */
function movedBytes(stage: Stage) {
  const bytes = BigInt(stage.streamed()) * 1024n
  return {stream: bytes, any: bytes, byCarrier: new Map()}
}
