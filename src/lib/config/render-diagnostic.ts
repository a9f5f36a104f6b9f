import {printable} from '../core/printable.ts'
import {withSecretsHidden} from '../core/redact.ts'
import type {Diagnostic} from './diagnostic.ts'

/** Longest part of a line of the file that is shown, and how much of it stands before the place, in characters. */
const MAX_EXCERPT = 100
const MAX_BEFORE = 60

/** All diagnostics as text, each with its line and a line feed at the end; empty for none. */
export function renderDiagnostics(diagnostics: readonly Diagnostic[]): string {
  return diagnostics.map(renderDiagnostic).join('')
}

/**
 * One diagnostic for people, with a line feed at the end. What comes from the file is escaped: it is somebody's text,
 * and goes to somebody's terminal. What only the owner of the file may know is not in it.
 * ```
 * zrepl.yml:3:11: error: jobs[0].type: "psh" is not one of push, pull, source, sink, snap
 *   3 |     type: psh
 *     |           ^^^
 *     = did you mean "push"?
 * ```
 */
export function renderDiagnostic(diagnostic: Diagnostic): string {
  const {severity, file, line, column, path, message, hint} = diagnostic
  const place = line === 0 ? file : `${file}:${line}:${column}`
  const head = [place, severity, ...(path === '' ? [] : [path]), message].map(printable).join(': ')
  const margin = ' '.repeat(String(line).length + 2)
  const tail = hint === undefined ? [] : [`${margin} = ${printable(hint)}`]
  return [head, ...renderExcerpt(diagnostic, margin), ...tail].map((text) => `${text}\n`).join('')
}

function renderExcerpt({line, column, excerpt}: Diagnostic, margin: string): readonly string[] {
  if (excerpt === undefined) return []
  const text = withSecretsHidden(excerpt.text)
  const from = Math.max(0, column - 1 - MAX_BEFORE)
  const to = Math.min(text.length, from + MAX_EXCERPT)
  const before = escaped(text.slice(from, column - 1), from > 0)
  const meant = printable(text.slice(column - 1, Math.min(to, column - 1 + excerpt.length)))
  const after = printable(text.slice(column - 1 + excerpt.length, to))
  const cut = to < text.length ? '…' : ''
  return [
    `  ${line} | ${before}${meant}${after}${cut}`,
    `${margin} | ${' '.repeat(before.length)}${'^'.repeat(Math.max(1, meant.length))}`,
  ]
}

function escaped(text: string, isCut: boolean): string {
  return `${isCut ? '…' : ''}${printable(text)}`
}
