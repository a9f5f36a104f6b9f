import {type Color, colored} from '../core/terminal-color.ts'

/** One line for people, without its end. The colour only helps to find it. */
export type Line = {readonly text: string; readonly color?: Color | undefined}

/** What it is told on: `columns` of characters at most; `undefined` where lines may be as long as they are. */
export type Surface = {readonly columns: number | undefined; readonly color: boolean}

/** The line as text, cut where it would not fit. */
export function renderLine({text, color}: Line, surface: Surface): string {
  const cut = text.slice(0, surface.columns)
  return surface.color && color !== undefined ? colored(cut, color) : cut
}
