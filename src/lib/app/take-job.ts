import type {Job} from '../config/job.ts'
import type {RunContext} from '../core/context.ts'
import {OperationalError} from '../core/errors.ts'
import {quoted} from '../core/printable.ts'
import {cancelProcess} from '../host/cancel-process.ts'
import {defaultLockDirectory, type JobLock, lockJob} from '../host/lock.ts'
import {judgeOverlap} from '../progress/judge-overlap.ts'
import type {RunPhase} from '../progress/run-state.ts'
import {runnerOf} from './runner.ts'

/** The right to run a job: its lock, and the directory that it is in. */
export type TakenJob = {readonly lock: JobLock; readonly directory: string}

/** How long a cancelled run may take to end in order. */
const GRACE_MS = 60_000
const TRY_EVERY_MS = 100

/**
 * Takes the lock of `job`. Another run that comes on is left alone (`job-busy`); one that is stuck or goes from error to
 * error is cancelled with that reason, and its place taken. Throws `host` when there is no place for locks.
 */
export async function takeJob(ctx: RunContext, job: Job): Promise<TakenJob> {
  const directory = defaultLockDirectory(process.getuid?.() ?? 0, process.env)
  try {
    return {lock: lockJob(directory, job.name), directory}
  } catch (error) {
    if (!isBusy(error)) throw error
    const state = runnerOf(directory, job.name).progress
    const verdict = judgeOverlap(state, {
      idleMs: 'idleMs' in job ? (job.idleMs ?? Number.POSITIVE_INFINITY) : Number.POSITIVE_INFINITY,
      remote: REMOTE_PRUNE[job.type],
      wallMs: ctx.clock.now(),
    })
    if (state === undefined || verdict.kind === 'leave')
      throw new OperationalError('job-busy', `${error.message}: ${verdict.because}`, {
        hint: error.hint,
        retryable: true,
      })
    return {lock: await takeOver(ctx, {directory, job: job.name}, state.pid, verdict.because), directory}
  }
}

/** The pruning that works on the other host. */
const REMOTE_PRUNE: Readonly<Partial<Record<Job['type'], RunPhase>>> = {
  push: 'prune-receiver',
  pull: 'prune-sender',
}

async function takeOver(
  ctx: RunContext,
  {directory, job}: {readonly directory: string; readonly job: string},
  pid: number,
  because: string,
): Promise<JobLock> {
  ctx.log.warn('the run before this is cancelled', {pid, because})
  const withdraw = cancelProcess(directory, pid, `cancelled by the next run of the job: ${because}`)
  const end = ctx.clock.monotonic() + GRACE_MS
  try {
    for (;;) {
      try {
        return lockJob(directory, job)
      } catch (error) {
        if (!isBusy(error)) throw error
        if (ctx.clock.monotonic() > end)
          throw new OperationalError(
            'job-busy',
            `job ${quoted(job)} was asked to stop (${because}), and has not`,
            {
              hint: `look at process ${pid} and what it waits for`,
              retryable: true,
            },
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
