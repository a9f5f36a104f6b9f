import {
  closeSync,
  constants,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import {dirname} from 'node:path'
import {quoted} from '../core/printable.ts'
import {formatKeptListing, formatNews, parseKeptListing} from '../zfs-client/kept-listing.ts'
import type {Clocks, ListingMemory} from '../zfs-client/listing-memory.ts'
import {fileNameOf} from './lock.ts'
import {ensurePrivateDirectory} from './private-directory.ts'
import {ensureStateDirectory} from './state-directory.ts'
import {writeFileAtomically} from './write-file-atomically.ts'

/** Where a listing is kept, and where it is marked as lost when it can neither be changed nor removed there. */
export type ListingPlaces = {
  readonly stateDirectory: string
  /** In memory, and no longer there than the clocks of a listing are the same: until the host is started again. */
  readonly lockDirectory: string
}

/**
 * Keeps what a job has listed as a file in the state directory; `owner` tells jobs and clients apart. Whatever cannot be
 * read or written is as if nothing had been kept, and does not fail a run.
 */
export function createListingFile(
  {stateDirectory, lockDirectory}: ListingPlaces,
  owner: string,
): ListingMemory {
  const directory = `${stateDirectory}/listings`
  const path = `${directory}/${fileNameOf(owner, '.listing')}`
  const mark = `${lockDirectory}/${fileNameOf(owner, '.listing-lost')}`
  const identity = () => [path, mark].map(identityOf).join(', ')
  /** Another process that has changed the file meanwhile knows more than we do. */
  let recalled: string | undefined

  return {
    readClocks,
    recall() {
      return tolerantly(() => {
        recalled = identity()
        if (identityOf(path) === NOTHING || identityOf(mark) !== NOTHING) return undefined
        ensurePrivateDirectory(directory)
        return parseKeptListing(readFileSync(path, 'utf8'))
      })
    },
    keep(listing) {
      tolerantly(() => {
        ensureStateDirectory(stateDirectory)
        ensurePrivateDirectory(directory)
        if (identity() !== recalled) return
        writeFileAtomically(path, formatKeptListing(listing))
        rmSync(mark, {force: true})
        recalled = identity()
      })
    },
    note(news) {
      const why = failureOf(() => append(path, formatNews(news)))
      if (why === undefined) {
        recalled = tolerantly(identity)
        return undefined
      }
      const problem = `cannot add to ${quoted(path)}: ${why}`
      return forget(path, mark)
        ? problem
        : `${problem}; remove it before the next run, which would believe it`
    },
  }
}

/** Nothing is made where nothing is kept. */
function append(path: string, line: string): void {
  if (identityOf(path) === NOTHING) return
  const fd = openSync(path, constants.O_WRONLY | constants.O_APPEND | constants.O_NOFOLLOW)
  try {
    writeFileSync(fd, line)
  } finally {
    closeSync(fd)
  }
}

/**
 * What is in the file is not true any more. On a file system that is full it can be removed or made empty; on one that has
 * become read-only all that is left is to say so elsewhere, as it may be writable again before the next run. Returns
 * whether any of it was possible.
 */
function forget(path: string, mark: string): boolean {
  const ways = [
    () => rmSync(path, {force: true}),
    () => truncateSync(path),
    () => {
      ensurePrivateDirectory(dirname(mark))
      writeFileSync(mark, `${crypto.randomUUID()}\n`)
    },
  ]
  return ways.some((way) => failureOf(way) === undefined)
}

const NOTHING = 'none'

function identityOf(path: string): string {
  const stats = statSync(path, {throwIfNoEntry: false})
  return stats === undefined ? NOTHING : `${stats.ino} ${stats.size} ${stats.mtimeMs}`
}

function tolerantly<T>(work: () => T): T | undefined {
  try {
    return work()
  } catch {
    return undefined
  }
}

/** The code of what goes wrong, if anything does. */
function failureOf(work: () => void): string | undefined {
  try {
    work()
    return undefined
  } catch (error) {
    const {code, message} = error as NodeJS.ErrnoException
    return code ?? message
  }
}

/** Linux tells how long it has been up, sleep included; elsewhere nothing is kept. */
function readClocks(): Clocks | undefined {
  const uptime = tolerantly(() => readFileSync('/proc/uptime', 'latin1'))
  const seconds = /^(\d+\.\d\d) /.exec(uptime ?? '')?.[1]
  return seconds === undefined ? undefined : {wallMs: Date.now(), upMs: Number(seconds) * 1000}
}
