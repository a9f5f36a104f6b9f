import {readFileSync, rmSync} from 'node:fs'
import {fileNameOf} from './lock.ts'
import {writeFileAtomically} from './write-file-atomically.ts'

/**
 * How a run comes on, as a text next to the lock of its job. It means something only while that lock is held. Throws
 * `host` where it cannot be written.
 */
export function writeRunState(directory: string, job: string, text: string): void {
  writeFileAtomically(pathOf(directory, job), text)
}

/** What was written last; `undefined` when there is none. */
export function readRunState(directory: string, job: string): string | undefined {
  try {
    return readFileSync(pathOf(directory, job), 'utf8')
  } catch {
    return undefined
  }
}

export function removeRunState(directory: string, job: string): void {
  rmSync(pathOf(directory, job), {force: true})
}

function pathOf(directory: string, job: string): string {
  return `${directory}/${fileNameOf(job, '.state')}`
}
