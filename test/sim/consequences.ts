import type {Fault} from './fault.ts'
import {UNKNOWN_ERRNO} from './library.ts'
import {findDataset, findSnapshot} from './pool.ts'
import type {Entry} from './process/entry.ts'
import type {Run} from './run.ts'
import {receiverName, selectedDatasets, type World} from './world.ts'

/**
 * What a single fault has to come to, beside breaking nothing: complaints of `zfs` are told in its own words (I5), what
 * was received counts although the command then failed, and what arrived of an interrupted increment is kept.
 */
export function consequencesOf(
  entry: Entry | undefined,
  fault: Fault,
  {end}: Run,
  reasons: string,
  world: World,
): readonly string[] {
  // A change by libzfs_core that ends without an answer is done again by commands: nobody needs to know.
  if (entry === undefined || (entry.libraryCall !== undefined && entry.stream === undefined)) return []
  const [verb = ''] = entry.argv
  const status = end.kind === 'done' ? end.status : end.kind
  // What the library cannot do is tried once more with the command, and may well go then.
  const decisive = (world.options.access === 'cli' || entry.stream !== undefined) && TOLD.has(verb)
  if (fault.kind === 'fail' && fault.when === 'instead' && decisive) {
    if (status === 0) return [`I5: exit 0, although zfs ${verb} failed`]
    const words = WORDS[fault.text]
    return words.some((word) => reasons.includes(word))
      ? []
      : [`I5: nobody is told why zfs ${verb} failed: ${reasons}`]
  }
  if (fault.kind === 'fail' && fault.when === 'after' && verb === 'receive' && status !== 0)
    return [`a receive that failed behind its commit ends the run with ${status}: ${reasons}`]
  if (HARMS_ONE[verb]?.has(fault.kind)) {
    const harmed = othersHarmed(entry, end, world)
    if (harmed.length > 0) return harmed
  }
  // What zstd has in its hands may be lost.
  const isKept = !world.options.compressed && entry.argv.includes('-i')
  if ((fault.kind === 'cut' || fault.kind === 'die') && fault.bytes >= BEGUN && isKept)
    return lostWork(entry, world)
  return []
}

/**
 * What befalls one `zfs send` or `zfs receive`, and neither the network nor a process of ours. A receive that says it is
 * through without having touched its stream leaves that in the connection, which then is of no use to the next filesystem.
 */
const HARMS_ONE: Readonly<Record<string, ReadonlySet<Fault['kind']>>> = {
  send: new Set(['fail', 'abort', 'output', 'die', 'flip']),
  receive: new Set(['fail', 'abort']),
}

/** Outcome S: the filesystem of the stream may fail, and what lies below it; the others are sent all the same. */
function othersHarmed({argv}: Entry, end: Run['end'], world: World): readonly string[] {
  const full = argv.at(-1) ?? ''
  const harmed = selectedDatasets(world).filter((name) =>
    [name, receiverName(world, name)].some((side) => full.startsWith(`${side}@`)),
  )
  // A token names no filesystem.
  if (harmed.length === 0) return []
  const reports = end.kind === 'done' ? (end.outcome.replicate?.filesystems ?? []) : []
  return selectedDatasets(world).flatMap((name) => {
    if (harmed.some((one) => name === one || name.startsWith(`${one}/`))) return []
    const state = reports.find(({filesystem}) => filesystem === name)?.state
    return state === 'done' || state === 'up-to-date'
      ? []
      : [`${name} is ${state}, and only ${harmed} was disturbed`]
  })
}

/** The verbs without which a filesystem cannot be through. */
const TOLD = new Set(['send', 'hold', 'bookmark'])
const WORDS = {
  known: ['dataset key must be loaded', 'out of space', 'permission denied'],
  unknown: ['a complaint nobody has ever seen', `errno ${UNKNOWN_ERRNO}`],
  refused: ['no longer exists', 'invalid backup stream'],
} as const
/** The first record and the one behind it: before, nothing is begun. */
const BEGUN = 624

function lostWork({argv}: Entry, world: World): readonly string[] {
  const to = argv.at(-1) ?? ''
  const copy = findDataset(world.receiver, receiverName(world, to.split('@')[0] ?? ''))
  const guid = findSnapshot(world.sender, to)?.guid
  // The cut came behind the last byte, the snapshot arrived, and pruning had its turn with it.
  if (guid === undefined) return []
  const kept = copy?.partial !== undefined || copy?.snapshots.some((snapshot) => snapshot.guid === guid)
  return kept ? [] : [`nothing is left of the interrupted increment ${to}`]
}
