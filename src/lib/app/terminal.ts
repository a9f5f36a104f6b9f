import {isatty} from 'node:tty'

/** A terminal that does not say how large it is (a serial line, a test) is taken for the smallest that was ever common. */
const COLUMNS = 80
const ROWS = 24

export type Terminal = {readonly columns: number; readonly rows: number; readonly color: boolean}

/** What is known of the terminal at a descriptor; `undefined` where there is none. */
export function terminalAt(fd: 1 | 2): Terminal | undefined {
  if (!isatty(fd)) return undefined
  const {columns, rows} = fd === 1 ? process.stdout : process.stderr
  return {columns: columns || COLUMNS, rows: rows || ROWS, color: wantsColor(process.env)}
}

/** Not where `NO_COLOR` is set to anything (no-color.org), nor on a terminal that knows none. */
function wantsColor({NO_COLOR: never = '', TERM: terminal}: NodeJS.ProcessEnv): boolean {
  return never === '' && terminal !== 'dumb'
}
