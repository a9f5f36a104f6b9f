import {writeSync} from 'node:fs'
import {POLL} from './libc.ts'
import {readiness} from './poll.ts'

/** Lines for a reader that may be slow, or not read at all: writing never waits. */
export type ToldWriter = {
  write(line: string): void
  /** Writes what is left, unless it takes longer than a moment. */
  close(): Promise<void>
}

/** More than this waits for nobody, bytes. */
const MAX_WAITING = 1024 * 1024
/** What a pipe that can be written takes without blocking (POSIX's PIPE_BUF on our systems). */
const CHUNK = 4096
const TRY_EVERY_MS = 50
const LAST_MS = 1000

/** Writes to `fd` when it can be written, and keeps the rest in order; lines that come when too much waits are lost. */
export function createToldWriter(fd: number, maxWaiting = MAX_WAITING): ToldWriter {
  let waiting: Uint8Array = new Uint8Array(0)
  let timer: ReturnType<typeof setInterval> | undefined

  function flush(): void {
    while (waiting.length > 0 && readiness(fd, POLL.out) !== 0) {
      try {
        waiting = waiting.subarray(writeSync(fd, waiting, 0, Math.min(CHUNK, waiting.length)))
      } catch (error) {
        if (error instanceof Error && 'code' in error && error.code === 'EAGAIN') break
        // Nobody reads any more, which is nobody's failure.
        waiting = new Uint8Array(0)
      }
    }
    if (waiting.length === 0) {
      clearInterval(timer)
      timer = undefined
    } else if (timer === undefined) {
      timer = setInterval(flush, TRY_EVERY_MS)
      timer.unref()
    }
  }

  return {
    write(line) {
      const bytes = Buffer.from(line)
      if (waiting.length + bytes.length > maxWaiting) return
      waiting = waiting.length === 0 ? bytes : Buffer.concat([waiting, bytes])
      flush()
    },
    async close() {
      const until = performance.now() + LAST_MS
      flush()
      while (waiting.length > 0 && performance.now() < until) {
        await new Promise((resolve) => setTimeout(resolve, TRY_EVERY_MS))
        flush()
      }
      clearInterval(timer)
    },
  }
}
