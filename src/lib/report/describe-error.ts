import {Bug} from '../core/assert.ts'
import {OperationalError, Stopped} from '../core/errors.ts'
import {printable} from '../core/printable.ts'
import {redacted} from '../core/redact.ts'
import type {ReportedError} from './report.ts'

/** Anything thrown, as the report shows it. */
export function reportedError(thrown: unknown): ReportedError {
  if (thrown instanceof OperationalError) {
    return {
      code: thrown.code,
      message: thrown.message,
      ...(thrown.hint === undefined ? {} : {hint: thrown.hint}),
    }
  }
  if (thrown instanceof Stopped) return {code: 'stopped', message: thrown.message}
  return {code: 'bug', message: redacted(thrown instanceof Error ? thrown.message : String(thrown))}
}

/** One line, or for a bug the stack as well: what a person sees when a command cannot go on. */
export function renderThrown(thrown: unknown): string {
  if (thrown instanceof OperationalError || thrown instanceof Stopped)
    return renderError(reportedError(thrown))
  const stack = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown)
  const words = thrown instanceof Bug ? 'a bug in zrepl' : 'an unexpected error, which is a bug in zrepl'
  return `zrepl: ${words}; please report it with this text:\n${redacted(stack)}`
}

/** `zrepl: code: message (hint: …)`. */
export function renderError({code, message, hint}: ReportedError): string {
  return `zrepl: ${code}: ${oneLine(message)}${hint === undefined ? '' : ` (hint: ${oneLine(hint)})`}`
}

function oneLine(text: string): string {
  return printable(text.replaceAll('\n', '; '))
}
