import type {LogLevel} from '../core/context.ts'
import type {LogLine} from './log-line.ts'

/** A place that log lines go to. What happens to it is never the run's business: it does not wait, and does not throw. */
export type Outlet = {
  /** The least level that it wants. */
  readonly level: LogLevel
  write(line: LogLine): void
  /** What still waits gets a moment; then it is given up. Never rejects. */
  close(): Promise<void>
}

/** From what can be left out to what cannot. */
export const LOG_LEVELS: readonly LogLevel[] = ['debug', 'info', 'warn', 'error']

/** Several outlets as one: each gets what it wants. */
export function joinOutlets(outlets: readonly Outlet[]): Outlet {
  const rank = (level: LogLevel) => LOG_LEVELS.indexOf(level)
  return {
    level: LOG_LEVELS.find((level) => outlets.some((outlet) => outlet.level === level)) ?? 'error',
    write(line) {
      for (const outlet of outlets) if (rank(line.level) >= rank(outlet.level)) outlet.write(line)
    },
    async close() {
      await Promise.all(outlets.map((outlet) => outlet.close()))
    },
  }
}
