import type {Clock} from '../../../src/lib/core/context.ts'
import type {Host, Nature} from '../pool.ts'

/** Time that passes only when nothing else can happen. */
export type Timers = {
  sleep(ms: number, signal: AbortSignal): Promise<void>
  /** Jumps to the next timer and wakes who waits for it; false when nobody waits. */
  advance(): boolean
}

type Timer = {readonly atMs: number; readonly order: number; readonly wake: () => void}

export function createTimers(nature: Nature): Timers {
  const timers = new Set<Timer>()
  let order = 0

  return {
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        if (signal.aborted) return reject(signal.reason)
        order += 1
        const stop = () => {
          timers.delete(timer)
          reject(signal.reason)
        }
        const wake = () => {
          signal.removeEventListener('abort', stop)
          resolve()
        }
        const timer = {atMs: nature.nowMs + ms, order, wake}
        timers.add(timer)
        signal.addEventListener('abort', stop, {once: true})
      }),
    advance() {
      const [first] = Array.from(timers).sort((a, b) => a.atMs - b.atMs || a.order - b.order)
      if (first === undefined) return false
      timers.delete(first)
      nature.nowMs = Math.max(nature.nowMs, first.atMs)
      first.wake()
      return true
    },
  }
}

/** The clock a process on `host` sees: the wall clock may be wrong, durations are not. */
export function clockOf(host: Host, timers: Timers): Clock {
  return {
    now: () => host.nature.nowMs + host.skewMs,
    monotonic: () => host.nature.nowMs,
    sleep: (ms, signal) => timers.sleep(ms, signal),
  }
}
