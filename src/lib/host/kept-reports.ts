import {readdirSync, readFileSync} from 'node:fs'
import {OperationalError} from '../core/errors.ts'
import {quoted} from '../core/printable.ts'
import {directoryOfRuns, ensureDirectoryOfRuns, forgetFile, nameOfRun} from './kept-runs.ts'
import {writeFileAtomically} from './write-file-atomically.ts'

/** A report as it was written, and under which name. */
export type KeptReport = {readonly name: string; readonly text: string}

const SUFFIX = '.json'

/**
 * Keeps the report of a run that began at `startedAt` (RFC 3339, UTC), and destroys what `isObsolete` says of those kept so
 * far, newest first. Throws `host`.
 */
export function keepReport(
  state: string,
  job: string,
  {startedAt, text}: {readonly startedAt: string; readonly text: string},
  isObsolete: (kept: readonly KeptReport[]) => readonly KeptReport[],
): void {
  const directory = ensureDirectoryOfRuns(state, job)
  writeFileAtomically(`${directory}/${nameOfRun(startedAt)}${SUFFIX}`, text)
  for (const {name} of isObsolete(keptReports(state, job))) forgetFile(`${directory}/${name}`)
}

/** The reports of a job that are kept, newest first; none where nothing was ever kept. Throws `host`. */
export function keptReports(state: string, job: string): readonly KeptReport[] {
  const directory = directoryOfRuns(state, job)
  try {
    const names = readdirSync(directory).filter((name) => name.endsWith(SUFFIX) && !name.startsWith('.'))
    return names
      .toSorted()
      .toReversed()
      .map((name) => ({name, text: readFileSync(`${directory}/${name}`, 'utf8')}))
  } catch (error) {
    const {code} = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return []
    throw new OperationalError('host', `cannot read the reports in ${quoted(directory)}: ${code}`, {
      cause: error,
    })
  }
}
