import {writeText} from '../host/write-text.ts'

/** Back to the first column, and empty the line (ECMA-48 EL). */
const CLEAR = '\r\u001b[K'

/** One line at the bottom of a terminal that is replaced again and again, and stays out of the way of all other words. */
export type ProgressLine = {
  /** Replaces the line; the empty text takes it away. */
  show(line: string): void
  /** Writes other words above it. */
  write(text: string): void
}

/** The line on stderr, which is nobody's log when it is a terminal. */
export function createProgressLine(): ProgressLine {
  let line = ''
  const clear = () => (line === '' ? '' : CLEAR)
  return {
    show(next) {
      if (next !== line) writeText(2, `${clear()}${next}`)
      line = next
    },
    write: (text) => writeText(2, `${clear()}${text}${line}`),
  }
}
