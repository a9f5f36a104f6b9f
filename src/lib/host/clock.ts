import type {Clock} from '../core/context.ts'

/** A longer timer would fire at once. */
const MAX_TIMER_MS = 2 ** 31 - 1

/** The clock of this machine. */
export function createClock(): Clock {
  return {now: () => Date.now(), monotonic: () => performance.now(), sleep}
}

async function sleep(ms: number, signal: AbortSignal): Promise<void> {
  const end = performance.now() + ms
  for (let left = ms; left > 0; left = end - performance.now())
    await timer(Math.min(left, MAX_TIMER_MS), signal)
  signal.throwIfAborted()
}

function timer(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason)
    const abort = () => {
      clearTimeout(timeout)
      reject(signal.reason)
    }
    const timeout = setTimeout(() => {
      signal.removeEventListener('abort', abort)
      resolve()
    }, ms)
    signal.addEventListener('abort', abort, {once: true})
  })
}
