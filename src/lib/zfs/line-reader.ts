import {OperationalError} from '../core/errors.ts'
import {quoted} from '../core/printable.ts'
import {NameError} from './name.ts'

/** Longest line we accept of any command, in bytes. */
const MAX_LINE_BYTES = 64 * 1024
/** How much of a line that is not understood is repeated to people. */
const MAX_SHOWN = 160
const NEWLINE = 0x0a
const CARRIAGE_RETURN = 0x0d

/** Takes what a command prints, in pieces of any size, while it is being printed. */
export type LineReader = {
  /** Does not throw for what it does not understand: whether the command has failed is to be judged first. */
  take(piece: Uint8Array): void
  /** Nothing follows. Throws `zfs-output` with the first line that was not understood. */
  end(): void
}

/**
 * Calls `onLine` with each line, without its newline, as a part of a buffer that is valid during the call only. It
 * returns why it does not understand the line, or throws a `NameError`; lines after that one are not read. Neither are
 * those that are too long or end with a carriage return, which means that a terminal was in the way.
 */
export function createLineReader(
  command: string,
  onLine: (bytes: Buffer, start: number, end: number) => string | undefined,
): LineReader {
  let begun: Buffer = Buffer.alloc(0)
  let number = 0
  let failure: OperationalError | undefined

  function problemOf(bytes: Buffer, start: number, end: number): OperationalError | undefined {
    number += 1
    if (end - start > MAX_LINE_BYTES)
      return notUnderstood(command, number, bytes.toString('latin1', start, start + MAX_SHOWN), 'too long')
    if (bytes[end - 1] === CARRIAGE_RETURN && end > start)
      return carriageReturn(command, number, bytes.toString('latin1', start, end))
    const problem = withoutNameErrors(() => onLine(bytes, start, end))
    if (problem === undefined) return undefined
    return notUnderstood(command, number, bytes.toString('latin1', start, end), problem)
  }

  return {
    take(piece) {
      if (failure !== undefined) return
      const bytes =
        begun.length === 0
          ? Buffer.from(piece.buffer, piece.byteOffset, piece.length)
          : Buffer.concat([begun, piece])
      let start = 0
      for (let end = bytes.indexOf(NEWLINE); end !== -1; end = bytes.indexOf(NEWLINE, start)) {
        failure = problemOf(bytes, start, end)
        if (failure !== undefined) return
        start = end + 1
      }
      begun = Buffer.from(bytes.subarray(start))
      if (begun.length > MAX_LINE_BYTES) failure = problemOf(begun, 0, begun.length)
    },
    end() {
      if (failure === undefined && begun.length > 0) failure = problemOf(begun, 0, begun.length)
      if (failure !== undefined) throw failure
    },
  }
}

function withoutNameErrors(read: () => string | undefined): string | undefined {
  try {
    return read()
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
