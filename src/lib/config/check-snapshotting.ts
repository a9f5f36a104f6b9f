import {checkSnapshotNames, parseTimestampFormat, TIMESTAMP_FORMATS} from '../plan/snapshot-name.ts'
import {NameError} from '../zfs/name.ts'
import {didYouMean, type Finding, mistake, type Path} from './diagnostic.ts'
import {formatProblem} from './formats.ts'
import {nearest} from './nearest.ts'
import {peek, peekText} from './peek.ts'

/** What the schema cannot say about `snapshotting`: whether the parts of the snapshots' names go together. */
export function checkSnapshotting(snapshotting: unknown, path: Path): readonly Finding[] {
  const type = peekText(snapshotting, 'type')
  if (type !== 'periodic' && type !== 'cron') return []
  const prefix = peekText(snapshotting, 'prefix')
  const format = textOr(peek(snapshotting, 'timestamp_format'), 'dense')
  const location = textOr(peek(snapshotting, 'timestamp_location'), 'UTC')
  if (format === undefined || location === undefined) return []

  const atLocation = TIMESTAMP_FORMATS.some((known) => known === format.toLowerCase())
  const wrong = [...path, atLocation ? 'timestamp_location' : 'timestamp_format']
  try {
    const timestamp = parseTimestampFormat(format, location)
    const isPrefix = prefix !== undefined && formatProblem('snapshot-prefix', prefix) === undefined
    checkSnapshotNames(isPrefix ? prefix : '', timestamp)
    return []
  } catch (error) {
    if (error instanceof NameError) return [mistake([...path, 'timestamp_format'], error.message)]
    if (!(error instanceof Error) || error instanceof TypeError) throw error
    const near = atLocation ? [] : nearest(format, TIMESTAMP_FORMATS)
    return [mistake(wrong, error.message, near.length === 0 ? undefined : didYouMean(near))]
  }
}

/** The default of an absent key; `undefined` when there is something that is no text. */
function textOr(value: unknown, absent: string): string | undefined {
  if (value === undefined) return absent
  return typeof value === 'string' ? value : undefined
}
