import type {Terminal} from './terminal.ts'

/** Lines on a terminal that are replaced again and again. */
export type Picture = {
  /** Each line must fit into a row, except of the last picture. */
  show(lines: readonly string[], terminal: Terminal | undefined): void
}

/** Empties the line from the cursor on, and all below it (ECMA-48 EL, ED). */
const CLEAR_LINE = '\u001b[K'
const CLEAR_BELOW = '\u001b[J'
/** To the first column of the first row of an empty screen (ECMA-48 CUP, ED): what was there may have been wrapped anew. */
const CLEAR_SCREEN = '\u001b[H\u001b[2J'

/** A picture that grows from where the cursor is, so that what was on the terminal before stays. */
export function createPicture(print: (text: string) => void): Picture {
  let shown = 0
  let size = ''
  return {
    show(lines, terminal) {
      const text = lines.map((line) => `${line}${terminal === undefined ? '' : CLEAR_LINE}\n`).join('')
      if (terminal === undefined) return print(text)
      const now = `${terminal.columns} ${terminal.rows}`
      const start = size !== '' && size !== now ? CLEAR_SCREEN : shown === 0 ? '' : `\u001b[${shown}A`
      print(`${start}${text}${CLEAR_BELOW}`)
      shown = lines.length
      size = now
    },
  }
}
