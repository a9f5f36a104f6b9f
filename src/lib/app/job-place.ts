import {uptime} from 'node:os'
import {cancelProcess, forgetCancelReason, ownIdentity, type ProcessIdentity} from '../host/cancel-process.ts'
import {defaultLockDirectory, type JobLock, jobRunner, lockJob} from '../host/lock.ts'
import {lockHeirs} from '../host/lock-heirs.ts'
import {readRunState, removeRunState, writeRunState} from '../host/run-state-file.ts'
import {type AnnouncedState, parseAnnouncedState} from '../progress/announced-state.ts'

/** Where the runs of one job on this host meet: their lock, what the one that has it tells, and the way to stop that one. */
export type JobPlace = {
  /** This process, as others know it. */
  readonly self: ProcessIdentity
  /** Milliseconds by a clock that nobody sets and that all processes of this host have in common. */
  uptimeMs(): number
  /** Never waits. Throws `job-busy` when another run has it, or something that one has started. */
  lock(): JobLock
  /** The right to be the next, of which there is one. Never waits. Throws `job-busy`. */
  lockNext(): JobLock
  /** Tells the others how this run comes on. Throws `host`. */
  tell(state: AnnouncedState): void
  /** Nothing is to be told any more. */
  withdraw(): void
  runner(): Runner
  /** Asks a run to stop and tells it why; what it returns takes the reason away again. Throws `host`. */
  cancel(run: ProcessIdentity, reason: string): () => void
}

/** Who runs a job at this moment, and how that comes on. */
export type Runner = {
  readonly running: string | undefined
  /** What keeps the lock although the run that had it is gone. */
  readonly heldBy?: string | undefined
  readonly progress: AnnouncedState | undefined
}

/** The place of `job` in the directory of locks. Throws `host` when there is none. */
export function createJobPlace(job: string): JobPlace {
  const directory = defaultLockDirectory(process.getuid?.() ?? 0, process.env)
  return {
    self: ownIdentity(),
    uptimeMs: () => uptime() * 1000,
    lock() {
      const lock = lockJob(directory, job)
      forgetCancelReason(directory)
      return lock
    },
    lockNext: () => lockJob(directory, job, {role: 'next'}),
    tell: (state) => writeRunState(directory, job, `${JSON.stringify(state)}\n`),
    withdraw: () => removeRunState(directory, job),
    runner: () => runnerOf(directory, job),
    cancel: (run, reason) => cancelProcess(directory, run, reason),
  }
}

/** What the run that has the lock of `job` tells; not what one before it has left behind. */
export function runnerOf(directory: string, job: string): Runner {
  const state = parseAnnouncedState(readRunState(directory, job) ?? '')
  const running = jobRunner(directory, job)
  return {
    running,
    heldBy: running === undefined ? lockHeirs(directory, job) : undefined,
    progress: state !== undefined && running?.startsWith(`pid ${state.pid},`) ? state : undefined,
  }
}
