import {appendFileSync, existsSync, readFileSync, rmSync, statSync} from 'node:fs'
import {formatKeptListing, formatNews, parseKeptListing} from '../zfs-client/kept-listing.ts'
import type {Clocks, ListingMemory} from '../zfs-client/listing-memory.ts'
import {fileNameOf} from './lock.ts'
import {ensurePrivateDirectory} from './private-directory.ts'
import {ensureStateDirectory} from './state-directory.ts'
import {writeFileAtomically} from './write-file-atomically.ts'

/**
 * Keeps what a job has listed as a file in the state directory; `owner` tells jobs and clients apart. Whatever cannot be
 * read or written is as if nothing had been kept, and does not fail a run.
 */
export function createListingFile(stateDirectory: string, owner: string): ListingMemory {
  const directory = `${stateDirectory}/listings`
  const path = `${directory}/${fileNameOf(owner, '.listing')}`
  /** Another process that has changed the file meanwhile knows more than we do. */
  let recalled: string | undefined

  return {
    readClocks,
    recall() {
      return tolerantly(() => {
        recalled = identityOf(path)
        if (!existsSync(path)) return undefined
        ensurePrivateDirectory(directory)
        return parseKeptListing(readFileSync(path, 'utf8'))
      })
    },
    keep(listing) {
      tolerantly(() => {
        ensureStateDirectory(stateDirectory)
        ensurePrivateDirectory(directory)
        if (identityOf(path) !== recalled) return
        writeFileAtomically(path, formatKeptListing(listing))
        recalled = identityOf(path)
      })
    },
    note(news) {
      if (!existsSync(path)) return
      append(path, formatNews(news))
      recalled = tolerantly(() => identityOf(path))
    },
  }
}

/** Here a failure would leave something behind that is not true any more. */
function append(path: string, line: string): void {
  try {
    appendFileSync(path, line)
  } catch {
    rmSync(path, {force: true})
  }
}

function identityOf(path: string): string {
  const stats = statSync(path, {throwIfNoEntry: false})
  return stats === undefined ? 'none' : `${stats.ino} ${stats.size} ${stats.mtimeMs}`
}

function tolerantly<T>(work: () => T): T | undefined {
  try {
    return work()
  } catch {
    return undefined
  }
}

/** Linux tells how long it has been up, sleep included; elsewhere nothing is kept. */
function readClocks(): Clocks | undefined {
  const uptime = tolerantly(() => readFileSync('/proc/uptime', 'latin1'))
  const seconds = /^(\d+\.\d\d) /.exec(uptime ?? '')?.[1]
  return seconds === undefined ? undefined : {wallMs: Date.now(), upMs: Number(seconds) * 1000}
}
