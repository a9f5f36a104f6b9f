import type {Job} from '../config/job.ts'
import type {RunContext} from '../core/context.ts'
import {OperationalError} from '../core/errors.ts'
import {createMovedBytes} from '../host/moved-bytes.ts'
import {removeRunState, writeRunState} from '../host/run-state-file.ts'
import {formatAnnouncedState} from '../progress/announced-state.ts'
import {createWatchdog, type Watchdog} from '../replicate/watchdog.ts'

/** How often the watchdog looks and tells. */
const EVERY_MS = 2000

/** The watchdog of a run of `job`. */
export function watchdogOf({clock}: RunContext, job: Job): Watchdog {
  const idleMs = 'idleMs' in job ? job.idleMs : undefined
  return createWatchdog(clock, {idleMs, movedBytes: createMovedBytes()})
}

/** Has the watchdog look every other second, and tells `zrepl status` and the next run how this one comes on. */
export function watchRun(
  ctx: RunContext,
  watchdog: Watchdog,
  {directory, job}: {readonly directory: string; readonly job: string},
): {stop(): void} {
  let silent = false
  const tell = () => {
    const {clock} = ctx
    const text = formatAnnouncedState(watchdog.board.state(), {
      pid: process.pid,
      nowMs: clock.monotonic(),
      wallMs: clock.now(),
    })
    try {
      writeRunState(directory, job, text)
    } catch (error) {
      if (!(error instanceof OperationalError)) throw error
      if (!silent) ctx.log.warn('nobody is told how this run comes on', {error: error.message})
      silent = true
    }
  }
  tell()
  const timer = setInterval(() => {
    watchdog.look()
    tell()
  }, EVERY_MS)
  return {
    stop() {
      clearInterval(timer)
      removeRunState(directory, job)
    },
  }
}
