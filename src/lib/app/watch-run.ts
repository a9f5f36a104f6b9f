import type {Job} from '../config/job.ts'
import type {RunContext} from '../core/context.ts'
import {OperationalError} from '../core/errors.ts'
import {createMovedBytes} from '../host/moved-bytes.ts'
import {removeRunState, writeRunState} from '../host/run-state-file.ts'
import {announce} from '../progress/announced-state.ts'
import {createWatchdog, type Watchdog} from '../replicate/watchdog.ts'
import {renderProgressLine} from '../report/render-progress.ts'
import {columns, type ProgressLine} from './progress-line.ts'

/** How often the watchdog looks and tells; a person who looks on would like to see it move. */
const EVERY_MS = 2000
const ONLOOKER_EVERY_MS = 500

/** The watchdog of a run of `job`. */
export function watchdogOf({clock}: RunContext, job: Job): Watchdog {
  const idleMs = 'idleMs' in job ? job.idleMs : undefined
  return createWatchdog(clock, {idleMs, movedBytes: createMovedBytes()})
}

/**
 * Has the watchdog look again and again, and tells `zrepl status` and the next run how this one comes on; `onlooker`, too.
 */
export function watchRun(
  ctx: RunContext,
  watchdog: Watchdog,
  {directory, job}: {readonly directory: string; readonly job: string},
  onlooker: ProgressLine | undefined,
): {stop(): void} {
  let silent = false
  const tell = () => {
    const {clock} = ctx
    const wallMs = clock.now()
    const state = announce(watchdog.board.state(), {
      pid: process.pid,
      nowMs: clock.monotonic(),
      wallMs,
    })
    onlooker?.show(renderProgressLine(state, columns()))
    try {
      writeRunState(directory, job, `${JSON.stringify(state)}\n`)
    } catch (error) {
      if (!(error instanceof OperationalError)) throw error
      if (!silent) ctx.log.warn('nobody is told how this run comes on', {error: error.message})
      silent = true
    }
  }
  tell()
  const timer = setInterval(
    () => {
      watchdog.look()
      tell()
    },
    onlooker === undefined ? EVERY_MS : ONLOOKER_EVERY_MS,
  )
  return {
    stop() {
      clearInterval(timer)
      onlooker?.show('')
      removeRunState(directory, job)
    },
  }
}
