import {existsSync, rmSync} from 'node:fs'
import {OperationalError} from '../core/errors.ts'
import {quoted} from '../core/printable.ts'
import {fileNameOf} from './lock.ts'
import {ensurePrivateDirectory} from './private-directory.ts'
import {ensureStateDirectory} from './state-directory.ts'

/** Where everything is kept that runs of a job leave, below the state directory. */
export function directoryOfRuns(state: string, job: string): string {
  return `${state}/reports/${fileNameOf(job, '')}`
}

/** Makes that directory, private, and returns it. Throws `host`. */
export function ensureDirectoryOfRuns(state: string, job: string): string {
  const directory = directoryOfRuns(state, job)
  ensureStateDirectory(state)
  ensurePrivateDirectory(`${state}/reports`)
  ensurePrivateDirectory(directory)
  return directory
}

/** Destroys what a run has left; another process may have done so. Throws `host`. */
export function forgetFile(path: string): void {
  try {
    rmSync(path, {force: true})
  } catch (error) {
    const {code} = error as NodeJS.ErrnoException
    throw new OperationalError('host', `cannot remove ${quoted(path)}: ${code}`, {cause: error})
  }
}

/** What the files of a run are called, without an ending: in the order of their beginning (RFC 3339, UTC). */
export function nameOfRun(startedAt: string): string {
  return `${startedAt}-${process.pid}`
}

/** Whether anything was ever kept of a job. */
export function hasRuns(state: string, job: string): boolean {
  return existsSync(directoryOfRuns(state, job))
}
