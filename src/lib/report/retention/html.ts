import {printable} from '../../core/printable.ts'

/** Text from outside as HTML text or as the value of a quoted attribute: it can neither end one nor begin anything. */
export function text(raw: string): string {
  return printable(raw).replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`)
}

/** Digits in groups of three, as people read counts. */
export function count(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ' ')
}
