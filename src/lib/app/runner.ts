import {jobRunner} from '../host/lock.ts'
import {readRunState} from '../host/run-state-file.ts'
import {type AnnouncedState, parseAnnouncedState} from '../progress/announced-state.ts'

/** Who runs a job at this moment, and how that comes on. */
export type Runner = {readonly running: string | undefined; readonly progress: AnnouncedState | undefined}

/** What the run that has the lock of `job` tells; not what one before it has left behind. */
export function runnerOf(directory: string, job: string): Runner {
  const state = parseAnnouncedState(readRunState(directory, job) ?? '')
  const running = jobRunner(directory, job)
  return {
    running,
    progress: state !== undefined && running?.startsWith(`pid ${state.pid},`) ? state : undefined,
  }
}
