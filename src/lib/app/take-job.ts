import type {Job} from '../config/job.ts'
import {type RunContext, withSpan} from '../core/context.ts'
import {OperationalError} from '../core/errors.ts'
import {quoted} from '../core/printable.ts'
import type {JobLock} from '../host/lock.ts'
import type {AnnouncedState} from '../progress/announced-state.ts'
import {judgeOverlap} from '../progress/judge-overlap.ts'
import type {RunPhase} from '../progress/run-state.ts'
import type {JobPlace} from './job-place.ts'

/** How long a cancelled run may take to end in order. */
const GRACE_MS = 60_000
const TRY_EVERY_MS = 100

/** After so many it is not one that just begins or ends. */
const UNKNOWN_TRIES = 20

/**
 * Takes the lock of `job`. Another run that comes on is left alone (`job-busy`); one that is stuck or goes from error to
 * error is cancelled with that reason, and its place taken, by one of those who want it. Throws `job-stuck` when it does not
 * go, or is gone and something that it has started is not, and `host` when there is no place for locks.
 */
export async function takeJob(ctx: RunContext, job: Job, place: JobPlace): Promise<JobLock> {
  return await withSpan(ctx, 'lock', {}, (ctx) => lockOrTakeOver(ctx, job, place))
}

async function lockOrTakeOver(ctx: RunContext, job: Job, place: JobPlace): Promise<JobLock> {
  for (let tries = 1; ; tries += 1) {
    try {
      return place.lock()
    } catch (busy) {
      if (!isBusy(busy)) throw busy
      const {running, heldBy, progress} = place.runner()
      if (running !== undefined) return await judge(ctx, job, place, {busy, progress})
      // It has ended just now, or has not yet said who it is, or is gone while a command of its still works.
      if (tries === UNKNOWN_TRIES) {
        const heirs = heldBy === undefined ? '' : `: ${heldBy}`
        throw stuck(`${busy.message}: what it has started outlives it${heirs}`, busy.hint)
      }
    }
    await ctx.clock.sleep(TRY_EVERY_MS, ctx.signal)
  }
}

/** What becomes of a run that has told who it is: it is left alone, or gives way. */
async function judge(
  ctx: RunContext,
  job: Job,
  place: JobPlace,
  {busy, progress}: {readonly busy: OperationalError; readonly progress: AnnouncedState | undefined},
): Promise<JobLock> {
  const verdict = judgeOverlap(progress, {
    idleMs: 'idleMs' in job ? (job.idleMs ?? Number.POSITIVE_INFINITY) : Number.POSITIVE_INFINITY,
    remote: REMOTE_PRUNE[job.type],
    uptimeMs: place.uptimeMs(),
  })
  if (progress === undefined || verdict.kind === 'leave') throw because(busy, verdict.because)
  const next = lockNext(place, because(busy, `${verdict.because}; another run already takes its place`))
  try {
    return await takeOver(ctx, place, job.name, progress, verdict.because)
  } finally {
    next.release()
  }
}

/** The pruning that works on the other host. */
const REMOTE_PRUNE: Readonly<Partial<Record<Job['type'], RunPhase>>> = {
  push: 'prune-receiver',
  pull: 'prune-sender',
}

/** Who is asked to stop twice stops at once, and not in order: only one asks, and waits. Throws `taken` to the others. */
function lockNext(place: JobPlace, taken: OperationalError): JobLock {
  try {
    return place.lockNext()
  } catch (error) {
    throw isBusy(error) ? taken : error
  }
}

async function takeOver(
  ctx: RunContext,
  place: JobPlace,
  job: string,
  run: AnnouncedState,
  reason: string,
): Promise<JobLock> {
  ctx.log.of('job').warn('the run before this is cancelled', {pid: run.pid, because: reason})
  const withdraw = place.cancel(run, `cancelled by the next run of the job: ${reason}`)
  const end = ctx.clock.monotonic() + GRACE_MS
  try {
    for (;;) {
      try {
        return place.lock()
      } catch (busy) {
        if (!isBusy(busy)) throw busy
        if (ctx.clock.monotonic() > end)
          throw stuck(
            `job ${quoted(job)} was asked to stop (${reason}), and has not`,
            `look at process ${run.pid} and what it waits for`,
          )
      }
      await ctx.clock.sleep(TRY_EVERY_MS, ctx.signal)
    }
  } finally {
    withdraw()
  }
}

function isBusy(error: unknown): error is OperationalError {
  return error instanceof OperationalError && error.code === 'job-busy'
}

function because(busy: OperationalError, reason: string): OperationalError {
  return new OperationalError('job-busy', `${busy.message}: ${reason}`, {hint: busy.hint, retryable: true})
}

function stuck(message: string, hint: string | undefined): OperationalError {
  return new OperationalError('job-stuck', message, {hint, retryable: true})
}
