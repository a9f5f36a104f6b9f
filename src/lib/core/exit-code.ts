import {Bug} from './assert.ts'
import {type ErrorCode, OperationalError, Stopped} from './errors.ts'

/** The exit statuses of every command, in one table. docs/exit-codes.md is checked against it. */
export const EXIT = {
  ok: 0,
  partial: 1,
  usage: 2,
  peer: 3,
  conflict: 4,
  busy: 5,
  stopped: 6,
  bug: 70,
} as const

export type ExitStatus = (typeof EXIT)[keyof typeof EXIT]

/** One sentence for each status: help, docs and the report use these words. */
export const EXIT_MEANING: Readonly<Record<ExitStatus, string>> = {
  0: 'all done',
  1: 'some filesystem failed; the others are done',
  2: 'the command line or the configuration is wrong; nothing was done',
  3: 'the peer could not be reached or understood',
  4: 'a conflict needs a person; the filesystems in conflict were not changed',
  5: 'another run of this job is active',
  6: 'stopped by a signal or the watchdog; the next run continues',
  70: 'a bug in zrepl',
}

/** The exit status when `code` ended the whole run. */
export function exitStatusOf(code: ErrorCode): ExitStatus {
  switch (code) {
    case 'usage':
    case 'config':
      return EXIT.usage
    case 'job-busy':
    case 'job-stuck':
      return EXIT.busy
    case 'peer-unreachable':
    case 'peer-protocol':
    case 'peer-refused':
      return EXIT.peer
    case 'stalled':
      return EXIT.stopped
    case 'large-prune':
    case 'clock':
      return EXIT.conflict
    default:
      return EXIT.partial
  }
}

/** The exit status for anything thrown up to the top. */
export function exitStatusOfThrown(thrown: unknown): ExitStatus {
  if (thrown instanceof OperationalError) return exitStatusOf(thrown.code)
  if (thrown instanceof Stopped) return EXIT.stopped
  if (thrown instanceof Bug) return EXIT.bug
  return EXIT.bug
}
