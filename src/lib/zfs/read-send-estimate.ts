import {OperationalError} from '../core/errors.ts'
import {quoted} from '../core/printable.ts'

/** A few lines. */
const MAX_BYTES = 64 * 1024

/**
 * Reads what `estimateCommand(args)` printed on stdout, decoded as latin1: the bytes the stream would have.
 * `undefined` when ZFS does not say (before 0.8 for empty increments and for bookmarks) and for the nonsense near 2^63
 * that it gives for some incremental sends (openzfs#12265).
 *
 * The line `size` is the sum for the whole command; without it the first line `full` or `incremental` counts.
 * The contents of a resume token may stand before. Throws `zfs-output` on any other line.
 */
export function readSendEstimate(stdout: string): bigint | undefined {
  if (stdout.length > MAX_BYTES) throw notUnderstood(stdout)
  const lines = stdout.split('\n')
  if (lines.at(-1) === '') lines.pop()
  const sizes = lines.filter((line) => !isTokenDump(line)).map(readLine)
  if (sizes.length === 0) throw notUnderstood(stdout)
  return (sizes.find(({total}) => total) ?? sizes[0])?.bytes
}

type Size = {readonly total: boolean; readonly bytes: bigint | undefined}

function isTokenDump(line: string): boolean {
  return line === 'resume token contents:' || line.startsWith('nvlist version:') || line.startsWith('\t')
}

function readLine(line: string): Size {
  const match =
    /^(?:(size)|full\t[^\t]+@[^\t]+|incremental\t[^\t]+\t[^\t]+@[^\t]+)(?:\t([0-9]{1,20}))?$/.exec(line)
  if (match === null) throw notUnderstood(line)
  const [, total, digits] = match
  return {total: total !== undefined, bytes: digits === undefined ? undefined : plausible(BigInt(digits))}
}

function plausible(bytes: bigint): bigint | undefined {
  return bytes < 2n ** 63n - 1n ? bytes : undefined
}

function notUnderstood(text: string): OperationalError {
  return new OperationalError(
    'zfs-output',
    `zfs send -n printed ${quoted(text.slice(0, 160))}, which is not an estimate`,
  )
}
