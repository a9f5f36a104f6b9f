/** The colours that are used on terminals: what is wrong, what to look at, what is well, what is beside the point. */
export type Color = 'red' | 'yellow' | 'green' | 'cyan' | 'dim'

/** Select Graphic Rendition (ECMA-48 8.3.117): what switches each on. All are switched off together. */
const SGR: Readonly<Record<Color, number>> = {red: 31, yellow: 33, green: 32, cyan: 36, dim: 2}

/** `text` in a colour, for a terminal. */
export function colored(text: string, color: Color): string {
  return text === '' ? '' : `\u001b[${SGR[color]}m${text}\u001b[0m`
}
