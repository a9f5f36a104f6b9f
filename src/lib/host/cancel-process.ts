import {readFileSync, rmSync} from 'node:fs'
import {printable} from '../core/printable.ts'
import {writeFileAtomically} from './write-file-atomically.ts'

/**
 * Asks a process of ours to stop, and tells it why: a signal carries no reason, so that lies in a file beside the locks.
 * Returns a function that takes the file away again. Throws `host`.
 */
export function cancelProcess(directory: string, pid: number, reason: string): () => void {
  const path = pathOf(directory, pid)
  writeFileAtomically(path, reason)
  const withdraw = () => rmSync(path, {force: true})
  try {
    process.kill(pid, 'SIGTERM')
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

function pathOf(directory: string, pid: number): string {
  return `${directory}/${pid}.cancel`
}
