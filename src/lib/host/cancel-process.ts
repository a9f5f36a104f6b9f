import {readFileSync, rmSync} from 'node:fs'
import {printable} from '../core/printable.ts'
import {processStart} from './process-start.ts'
import {writeFileAtomically} from './write-file-atomically.ts'

/** One process, and not another that has got its number since. */
export type ProcessIdentity = {readonly pid: number; readonly started?: string | undefined}

/** This process, for others. */
export function ownIdentity(): ProcessIdentity {
  return {pid: process.pid, started: processStart(process.pid)}
}

/**
 * Asks a process of ours to stop, and tells it why: a signal carries no reason, so that lies in a file beside the locks.
 * Nothing is done to another process that has the same number by now. Returns a function that takes the file away again.
 * Throws `host`.
 */
export function cancelProcess(
  directory: string,
  {pid, started}: ProcessIdentity,
  reason: string,
): () => void {
  const path = pathOf(directory, pid)
  writeFileAtomically(path, reason)
  const withdraw = () => rmSync(path, {force: true})
  try {
    if (started === undefined || processStart(pid) === started) process.kill(pid, 'SIGTERM')
  } catch (error) {
    withdraw()
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
  return withdraw
}

/** Why this process was asked to stop, if whoever asked has said so. */
export function cancelReason(directory: string, pid = process.pid): string | undefined {
  try {
    return printable(readFileSync(pathOf(directory, pid), 'utf8'))
  } catch {
    return undefined
  }
}

/** What was meant for a process that had our number before us is not our reason. */
export function forgetCancelReason(directory: string, pid = process.pid): void {
  rmSync(pathOf(directory, pid), {force: true})
}

function pathOf(directory: string, pid: number): string {
  return `${directory}/${pid}.cancel`
}
