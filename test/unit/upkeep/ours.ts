import {
  type Abstraction,
  readBookmarkAbstraction,
  readHeldAbstraction,
} from '../../../src/lib/abstraction/abstraction.ts'
import {parseJobId} from '../../../src/lib/abstraction/job-id.ts'
import {lastReceivedHoldTag} from '../../../src/lib/abstraction/last-received-hold.ts'
import {cursorName, tentativeCursorName} from '../../../src/lib/abstraction/replication-cursor.ts'
import {stepHoldTag} from '../../../src/lib/abstraction/step-hold.ts'
import {formatGuidHex, parseCreatetxg, parseDatasetName, parseGuid} from '../../../src/lib/zfs/name.ts'
import type {Bookmark, Snapshot} from '../../../src/lib/zfs/version.ts'

/** `tank/a cursor job 5`: what `job` has left at createtxg 5, whose guid is 95. The word for a v1 cursor's job is -. */
export function ours(text: string): Abstraction {
  const [filesystem = '', word = '', job = '', txg = ''] = text.split(' ')
  const abstraction =
    word === 'step' || word === 'last' ? held(filesystem, word, job, txg) : marked(filesystem, word, job, txg)
  if (abstraction === undefined) throw new Error(`not ours: ${text}`)
  return abstraction
}

/** What `ours` was given. */
export function describeOurs({type, version, jobId}: Abstraction): string {
  return `${version.filesystem} ${WORDS[type]} ${jobId ?? '-'} ${version.createtxg}`
}

const WORDS: Readonly<Record<Abstraction['type'], string>> = {
  'step-hold': 'step',
  'last-received-hold': 'last',
  'replication-cursor-bookmark-v2': 'cursor',
  'tentative-replication-cursor-bookmark-v2': 'tentative',
  'replication-cursor-bookmark-v1': 'v1',
  'step-bookmark': 'rc',
}

/** The snapshot `s<txg>` of a filesystem. */
export function snapshotAt(filesystem: string, txg: string): Snapshot {
  return {...versionAt(filesystem, txg), kind: 'snapshot', name: `s${txg}`, userrefs: 1}
}

/** A bookmark of any name. */
export function bookmarkAt(filesystem: string, name: string, txg: string): Bookmark {
  return {...versionAt(filesystem, txg), kind: 'bookmark', name}
}

function versionAt(filesystem: string, txg: string) {
  return {
    filesystem: parseDatasetName(filesystem),
    guid: parseGuid(`9${txg}`),
    createtxg: parseCreatetxg(txg),
    creation: 1_700_000_000,
  }
}

function held(filesystem: string, word: string, job: string, txg: string) {
  const tag = word === 'step' ? stepHoldTag(parseJobId(job)) : lastReceivedHoldTag(parseJobId(job))
  return readHeldAbstraction(snapshotAt(filesystem, txg), tag)
}

function marked(filesystem: string, word: string, job: string, txg: string) {
  return readBookmarkAbstraction(bookmarkAt(filesystem, nameOf(word, job, txg), txg))
}

function nameOf(word: string, job: string, txg: string): string {
  const guid = parseGuid(`9${txg}`)
  switch (word) {
    case 'cursor':
      return cursorName(guid, parseJobId(job))
    case 'tentative':
      return tentativeCursorName(guid, parseJobId(job))
    case 'v1':
      return 'zrepl_replication_cursor'
    case 'rc':
      return `zrepl_STEP_G_${formatGuidHex(guid)}_J_${job}`
    default:
      throw new Error(`no such word: ${word}`)
  }
}
