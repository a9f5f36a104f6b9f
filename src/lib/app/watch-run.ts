import type {Job} from '../config/job.ts'
import type {RunContext} from '../core/context.ts'
import {OperationalError} from '../core/errors.ts'
import {createMovedBytes} from '../host/moved-bytes.ts'
import {announce} from '../progress/announced-state.ts'
import {createWatchdog, type Watchdog} from '../replicate/watchdog.ts'
import {renderProgressLine} from '../report/render-progress.ts'
import type {JobPlace} from './job-place.ts'
import type {ProgressLine} from './progress-line.ts'
import {terminalAt} from './terminal.ts'

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
  {clock, log}: RunContext,
  watchdog: Watchdog,
  place: JobPlace,
  onlooker: ProgressLine | undefined,
): {stop(): void} {
  const stopped = new AbortController()
  let silent = false

  function tell(): void {
    const state = announce(watchdog.board.state(), {
      self: place.self,
      nowMs: clock.monotonic(),
      wallMs: clock.now(),
      uptimeMs: place.uptimeMs(),
    })
    onlooker?.show(renderProgressLine(state, terminalAt(2)?.columns ?? 0))
    try {
      place.tell(state)
    } catch (error) {
      if (!(error instanceof OperationalError)) throw error
      if (!silent) log.of('job').warn('nobody is told how this run comes on', {error: error.message})
      silent = true
    }
  }

  async function lookAgainAndAgain(): Promise<void> {
    const everyMs = onlooker === undefined ? EVERY_MS : ONLOOKER_EVERY_MS
    while (!stopped.signal.aborted) {
      tell()
      await clock.sleep(everyMs, stopped.signal).catch(() => {})
      if (!stopped.signal.aborted) watchdog.look()
    }
  }

  void lookAgainAndAgain()
  return {
    stop() {
      stopped.abort()
      onlooker?.show('')
      place.withdraw()
    },
  }
}
