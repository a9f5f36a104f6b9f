import {existsSync, readdirSync, statSync} from 'node:fs'
import {OperationalError} from '../core/errors.ts'
import {quoted} from '../core/printable.ts'
import {directoryOfRuns, ensureDirectoryOfRuns, forgetFile, nameOfRun} from './kept-runs.ts'
import {writeFileAtomically} from './write-file-atomically.ts'

/** A trace beside the report of its run. `run` is what both are called, `bytes` how long it is. */
export type KeptTrace = {readonly run: string; readonly path: string; readonly bytes: number}

/** Not that of reports, which are found by theirs. */
const SUFFIX = '.trace'

/**
 * Keeps the trace of a run that began at `startedAt` (RFC 3339, UTC) instead of what was kept of it before. Of those that
 * are not among the `most` newest, the ones whose report is gone go. Throws `host`.
 */
export function keepTrace(
  state: string,
  job: string,
  {startedAt, text}: {readonly startedAt: string; readonly text: string},
  most: number,
): void {
  const directory = ensureDirectoryOfRuns(state, job)
  writeFileAtomically(`${directory}/${nameOfRun(startedAt)}${SUFFIX}`, text)
  for (const {run, path} of keptTraces(state, job).slice(most))
    if (!existsSync(`${directory}/${run}.json`)) forgetFile(path)
}

/** The traces of a job that are kept, newest first. Throws `host`. */
export function keptTraces(state: string, job: string): readonly KeptTrace[] {
  const directory = directoryOfRuns(state, job)
  try {
    return readdirSync(directory)
      .filter((name) => name.endsWith(SUFFIX) && !name.startsWith('.'))
      .toSorted()
      .toReversed()
      .flatMap((name) => {
        const path = `${directory}/${name}`
        const size = statSync(path, {throwIfNoEntry: false})?.size
        return size === undefined ? [] : [{run: name.slice(0, -SUFFIX.length), path, bytes: size}]
      })
  } catch (error) {
    const {code} = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return []
    throw new OperationalError('host', `cannot read the traces in ${quoted(directory)}: ${code}`, {
      cause: error,
    })
  }
}
