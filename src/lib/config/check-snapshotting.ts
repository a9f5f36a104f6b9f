import type {TimestampFormat} from '../plan/policy.ts'
import {parseTimestampFormat} from '../plan/snapshot-name.ts'
import {didYouMean, type Finding, mistake, type Path} from './diagnostic.ts'
import {nearest} from './nearest.ts'
import {peek, peekList, peekText} from './peek.ts'

const FORMATS: readonly TimestampFormat['format'][] = ['dense', 'human', 'iso-8601', 'unix-seconds']

/** What the schema cannot say about `snapshotting`. */
export function checkSnapshotting(snapshotting: unknown, path: Path): readonly Finding[] {
  const type = peekText(snapshotting, 'type')
  if (type !== 'periodic' && type !== 'cron') return []
  return [
    ...(type === 'cron' ? [mistake([...path, 'type'], 'cron is not supported yet', CRON_HINT)] : []),
    ...(peekList(snapshotting, 'hooks').length > 0
      ? [mistake([...path, 'hooks'], 'hooks are not supported yet')]
      : []),
    ...checkTimestamp(snapshotting, path),
  ]
}

const CRON_HINT = 'use periodic, and a timer that starts the job'

function checkTimestamp(snapshotting: unknown, path: Path): readonly Finding[] {
  const format = textOr(peek(snapshotting, 'timestamp_format'), 'dense')
  const location = textOr(peek(snapshotting, 'timestamp_location'), 'UTC')
  if (format === undefined || location === undefined) return []
  if (FORMATS.some((known) => known === format.toLowerCase())) {
    const problem = locationProblem(format, location)
    return problem === undefined ? [] : [mistake([...path, 'timestamp_location'], problem)]
  }
  const near = nearest(format, FORMATS)
  return near.length > 0
    ? [
        mistake(
          [...path, 'timestamp_format'],
          `${JSON.stringify(format)} is not one of ${FORMATS.join(', ')}`,
          didYouMean(near),
        ),
      ]
    : [
        mistake(
          [...path, 'timestamp_format'],
          'layouts of your own are not supported yet',
          `use one of ${FORMATS.join(', ')}`,
        ),
      ]
}

/** The default of an absent key; `undefined` when there is something that is no text. */
function textOr(value: unknown, absent: string): string | undefined {
  if (value === undefined) return absent
  return typeof value === 'string' ? value : undefined
}

function locationProblem(format: string, location: string): string | undefined {
  try {
    parseTimestampFormat(format, location)
    return undefined
  } catch (error) {
    if (!(error instanceof Error) || error instanceof TypeError) throw error
    return error.message
  }
}
