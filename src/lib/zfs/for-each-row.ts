import {OperationalError} from '../core/errors.ts'
import {quoted} from '../core/printable.ts'
import {NameError} from './name.ts'

/** Longest line we accept of any command, in bytes. */
const MAX_LINE_BYTES = 64 * 1024
/** How much of a line that is not understood is repeated to people. */
const MAX_SHOWN = 160

/**
 * Takes apart what a command printed with `-H`: lines of exactly `columns` fields between single tabs, nothing trimmed,
 * the last line with or without its newline. `stdout` is decoded as latin1, so that a character is a byte and no
 * byte is lost or replaced.
 *
 * `onRow` returns why it does not understand a row, or throws a `NameError`; either way, and for lines of any other
 * form, this throws `zfs-output` with the line. So does a carriage return, which means that a terminal was in the way.
 */
export function forEachRow(
  command: string,
  stdout: string,
  columns: number,
  onRow: (fields: readonly string[]) => string | undefined,
): void {
  for (let start = 0, number = 1; start < stdout.length; number++) {
    const newline = stdout.indexOf('\n', start)
    const end = newline === -1 ? stdout.length : newline
    if (end - start > MAX_LINE_BYTES)
      throw notUnderstood(command, number, stdout.slice(start, start + MAX_SHOWN), 'too long')
    const line = stdout.slice(start, end)
    if (line.endsWith('\r')) throw carriageReturn(command, number, line)
    const fields = line.split('\t')
    const problem = fields.length === columns ? problemOf(fields, onRow) : `not ${columns} fields`
    if (problem !== undefined) throw notUnderstood(command, number, line, problem)
    start = end + 1
  }
}

function problemOf(
  fields: readonly string[],
  onRow: (fields: readonly string[]) => string | undefined,
): string | undefined {
  try {
    return onRow(fields)
  } catch (error) {
    if (error instanceof NameError) return error.message
    throw error
  }
}

function notUnderstood(command: string, number: number, line: string, problem: string): OperationalError {
  const shown = line.length > MAX_SHOWN ? `${line.slice(0, MAX_SHOWN)}…` : line
  return new OperationalError(
    'zfs-output',
    `${command} printed in line ${number} ${quoted(shown)}: ${problem}`,
    {
      hint: 'this output was not understood, so nothing was concluded from it',
    },
  )
}

function carriageReturn(command: string, number: number, line: string): OperationalError {
  const error = notUnderstood(command, number, line, 'ends with a carriage return')
  return new OperationalError('zfs-output', error.message, {hint: 'a terminal is in the way; use ssh -T'})
}
