import {redacted} from './redact.ts'

/** Longest text we repeat from outside (a name, a line of stderr, a peer's message), in UTF-16 units. */
const MAX_LENGTH = 2048

/**
 * Makes text from outside safe to print: printable ASCII stays, everything else becomes `\xNN` or `\u{N}`,
 * and overlong text is cut, and secrets. Terminal escapes and forged log lines end here (threat T20).
 */
export function printable(outside: string): string {
  const text = redacted(outside)
  const cut = text.length > MAX_LENGTH ? `${text.slice(0, MAX_LENGTH)}…` : text
  if (PLAIN.test(cut)) return cut
  return Array.from(cut, (char) => {
    const code = char.codePointAt(0) ?? 0
    if (char === '…' || (code >= 0x20 && code < 0x7f)) return char
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`
  }).join('')
}

/** What nearly all text is. */
const PLAIN = /^[\x20-\x7e]*$/

/** `printable` inside single quotes, as ZFS prints names. */
export function quoted(text: string): string {
  return `'${printable(text)}'`
}
