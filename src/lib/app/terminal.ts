import {isatty} from 'node:tty'

/** A terminal that does not say how large it is (a serial line, a test) is taken for the smallest that was ever common. */
const COLUMNS = 80
const ROWS = 24

export type Terminal = {readonly columns: number; readonly rows: number; readonly color: boolean}

/** What is known of the terminal at a descriptor; `undefined` where there is none, or one that prints and can do nothing else. */
export function terminalAt(fd: 1 | 2): Terminal | undefined {
  if (!isatty(fd) || process.env['TERM'] === 'dumb') return undefined
  const {columns, rows} = fd === 1 ? process.stdout : process.stderr
  return {columns: columns || COLUMNS, rows: rows || ROWS, color: wantsColor(process.env)}
}

/** Not where `NO_COLOR` is set to anything (no-color.org). */
function wantsColor({NO_COLOR: never = ''}: NodeJS.ProcessEnv): boolean {
  return never === ''
}
