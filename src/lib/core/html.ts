import {printable} from './printable.ts'

/** Text from outside as HTML text or as the value of a quoted attribute: it can neither end one nor begin anything. */
export function text(raw: string): string {
  return escaped(printable(raw))
}

/** The same for text of ours, however long, in which what is from outside is printable already. */
export function escaped(ours: string): string {
  return ours.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`)
}

/** Digits in groups of three, as people read counts. */
export function count(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ' ')
}
