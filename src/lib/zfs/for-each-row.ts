import {createLineReader} from './line-reader.ts'

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
  const reader = createLineReader(command, (bytes, start, end) => {
    const fields = bytes.toString('latin1', start, end).split('\t')
    return fields.length === columns ? onRow(fields) : `not ${columns} fields`
  })
  reader.take(Buffer.from(stdout, 'latin1'))
  reader.end()
}
