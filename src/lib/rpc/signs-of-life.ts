import type {Clock} from '../core/context.ts'
import {Stopped} from '../core/errors.ts'

/** How often each side gives a sign of life and looks for those of the other, milliseconds. */
export const SIGN_EVERY_MS = 5000

/** After so many looks without one the other side is given up: within 30 s. */
export const SIGNS_MISSED = 5

/** How long a connection may have nothing to do before its peer is asked whether it is there, milliseconds. */
export const ASK_IDLE_MS = 10_000

/**
 * After so many looks without a byte of a stream its receiver gives the sender up: 10 minutes. Nothing but bytes can come
 * then, and `zfs send` may search for long before the next one.
 */
export const BYTES_MISSED = 120

/** After so many looks a frame has to have gone through as a whole: 2 hours, the longest at 10 kB a second. */
export const FRAME_MISSED = 1440

/** Something is awaited from the other side, which gives signs of life meanwhile. */
export type Watch = {
  /** A sign has come. */
  sign(): void
  stop(): void
}

/**
 * Calls `onSilence`, once, after `missed` looks in a row without a sign, and before each of them `look`, which may find one.
 * Looks are counted and not time: a process that was stopped, or a host that slept, has missed its own looks too.
 */
export function watchForSigns(
  clock: Clock,
  missed: number,
  onSilence: () => void,
  look: () => boolean = () => false,
): Watch {
  const stopped = new AbortController()
  let silent = 0

  async function lookAgainAndAgain(): Promise<void> {
    for (;;) {
      await clock.sleep(SIGN_EVERY_MS, stopped.signal)
      silent = look() ? 0 : silent + 1
      if (silent >= missed) return onSilence()
    }
  }

  // It ends by being stopped.
  lookAgainAndAgain().catch((error: unknown) => {
    if (!stopped.signal.aborted) throw error
  })
  return {
    sign() {
      silent = 0
    },
    stop: () => stopped.abort(NOBODY_WAITS),
  }
}

/** One for all: to make an error of its own takes longer than most requests. */
const NOBODY_WAITS = new Stopped('nothing is awaited any more')

/** Calls `give` every few seconds until it is stopped: not at once, since most requests are answered before. */
export function giveSigns(clock: Clock, give: () => void): {stop(): void} {
  const watch = watchForSigns(
    clock,
    Number.POSITIVE_INFINITY,
    () => {},
    () => {
      give()
      return true
    },
  )
  return {stop: watch.stop}
}
