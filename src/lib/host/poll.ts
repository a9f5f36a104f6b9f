import {POLL, pollEvents, pollNow} from './libc.ts'

/**
 * Waiting for descriptors without blocking the event loop and without O_NONBLOCK, which would be seen by every
 * other process that shares the pipe: poll(2) with a timeout of zero, again and again, from one timer for all.
 * The pause grows with the time waited, from none to 20 ms, so that an answer is late by an eighth of its own time.
 */
const SPIN_MS = 1
const MAX_PAUSE_MS = 20
const PAUSE_SHARE = 8

type Waiter = {readonly fd: number; readonly events: number; readonly ready: () => void}

const waiters = new Set<Waiter>()
let disarm: (() => void) | undefined
let since = 0
let entries = new Int32Array(16)
const one = new Int32Array(2)

/** What is true of `fd` now: bits of `POLL`, of which errors and hang-ups come unasked. */
export function readiness(fd: number, events: number): number {
  one[0] = fd
  one[1] = events
  pollNow(one, 1)
  return pollEvents(one, 0)
}

/**
 * Resolves when `fd` can be read (`POLL.in`) or written (`POLL.out`) without blocking, or has failed or hung up.
 * Rejects with the reason of the first of `signals` that is aborted.
 */
export function untilReady(fd: number, events: number, signals: readonly AbortSignal[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const waiter: Waiter = {fd, events, ready: () => settle(resolve)}
    const abort = () => settle(() => reject(signals.find(({aborted}) => aborted)?.reason))
    const settle = (end: () => void) => {
      waiters.delete(waiter)
      for (const signal of signals) signal.removeEventListener('abort', abort)
      end()
    }
    if (signals.some(({aborted}) => aborted)) return abort()
    for (const signal of signals) signal.addEventListener('abort', abort, {once: true})
    waiters.add(waiter)
    since = performance.now()
    arm()
  })
}

function arm(): void {
  disarm?.()
  disarm = undefined
  if (waiters.size === 0) return
  const waited = performance.now() - since
  if (waited < SPIN_MS) {
    const immediate = setImmediate(tick)
    disarm = () => clearImmediate(immediate)
  } else {
    const timer = setTimeout(tick, Math.min(Math.max(1, waited / PAUSE_SHARE), MAX_PAUSE_MS))
    disarm = () => clearTimeout(timer)
  }
}

function tick(): void {
  const asked = [...waiters]
  if (entries.length < 2 * asked.length) entries = new Int32Array(4 * asked.length)
  asked.forEach(({fd, events}, index) => {
    entries[2 * index] = fd
    entries[2 * index + 1] = events
  })
  pollNow(entries, asked.length)
  const answers = asked.map((_, index) => pollEvents(entries, index))
  asked.forEach(({ready}, index) => {
    if (answers[index] !== 0) ready()
  })
  arm()
}

/** True when nobody is at the other end any more: no reader of what we write, or a socket closed both ways. */
export function isHungUp(fd: number): boolean {
  return (readiness(fd, 0) & (POLL.err | POLL.hup | POLL.nval)) !== 0
}
