import type {JobPlace} from '../../src/lib/app/job-place.ts'
import {OperationalError, Stopped} from '../../src/lib/core/errors.ts'
import type {AnnouncedState} from '../../src/lib/progress/announced-state.ts'
import {type SimulatedLock, tryLock} from './process/lock.ts'
import type {Process} from './process/process.ts'

/** Where the runs of a job on a simulated host meet: what is files and signals in the world. */
export type Meeting = {
  /** The place as `process` finds it, which is `stop`ped when another asks it to. */
  placeOf(process: Process, stop: AbortController): JobPlace
  /** The state that was written last. */
  told(): AnnouncedState | undefined
}

type Member = {readonly process: Process; readonly stop: AbortController}

export function createMeeting(): Meeting {
  const running: SimulatedLock = {holders: new Set()}
  const next: SimulatedLock = {holders: new Set()}
  const members = new Map<number, Member>()
  /** The words in the lock's file. */
  let note: number | undefined
  let state: AnnouncedState | undefined

  function mustLock(lock: SimulatedLock, process: Process) {
    const held = tryLock(lock, process)
    if (held !== undefined) return held
    throw new OperationalError('job-busy', `job is already running (pid ${note})`, {retryable: true})
  }

  return {
    told: () => state,
    placeOf(process, stop) {
      const pid = FIRST_PID + members.size
      members.set(pid, {process, stop})
      return {
        self: {pid},
        uptimeMs: process.ctx.clock.monotonic,
        lock() {
          const lock = mustLock(running, process)
          note = pid
          return lock
        },
        lockNext: () => mustLock(next, process),
        tell(told) {
          // As JSON, as in the file.
          state = JSON.parse(JSON.stringify(told))
        },
        withdraw() {
          state = undefined
        },
        runner() {
          const alive = note !== undefined && members.get(note)?.process.alive() === true
          const isHeld = running.holders.size > 0
          return {
            running: alive && isHeld ? `pid ${note}` : undefined,
            progress: alive && isHeld && state?.pid === note ? state : undefined,
          }
        },
        cancel({pid}, reason) {
          const member = members.get(pid)
          if (member?.process.alive()) member.stop.abort(new Stopped(reason))
          return () => {}
        },
      }
    },
  }
}

const FIRST_PID = 4000
