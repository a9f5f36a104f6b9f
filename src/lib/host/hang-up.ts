import {Stopped} from '../core/errors.ts'
import {isHungUp} from './poll.ts'

/** How late a vanished client is noticed, milliseconds. */
const LOOK_EVERY_MS = 250

export type HangUp = {
  /** Raised with a `Stopped` once nobody reads what we write. */
  readonly signal: AbortSignal
  /** Stops looking. */
  stop(): void
}

/**
 * For the serving side: notices that the client has gone even while we neither read nor write, for example behind a
 * `zfs` that hangs. `fd` is what we answer on. What we read from is not watched: a client may have said all it wants
 * and still wait for the answer.
 */
export function watchHangUp(fd: number, everyMs = LOOK_EVERY_MS): HangUp {
  const gone = new AbortController()
  const timer = setInterval(() => {
    if (!isHungUp(fd)) return
    clearInterval(timer)
    gone.abort(new Stopped('the client has hung up'))
  }, everyMs)
  return {signal: gone.signal, stop: () => clearInterval(timer)}
}
