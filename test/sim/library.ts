import type {
  CallLibrary,
  LibraryAnswer,
  LibraryCall,
  LibraryObject,
} from '../../src/lib/zfs-client/call-library.ts'
import {dependentsOf, findDataset, type Host} from './pool.ts'
import {answerOfProgram} from './zfs/program.ts'
import {runCommand} from './zfs.ts'

const NOT_PERMITTED = 1
const MISSING = 2
const BUSY = 16
const EXISTS = 17

/** libzfs_core on the model of ZFS, undisturbed. */
export function createSimulatedLibrary(host: Host, calls: LibraryCall[] = []): CallLibrary {
  return async (_, call) => {
    calls.push(call)
    return answerOf(host, call, (words) => {
      runCommand(host, words)
      return true
    })
  }
}

/**
 * What the kernel refuses and what it then leaves undone, as seen on OpenZFS 2.1.11 and 2.3.2. What it does is done as
 * commands of the model by `execute`, which returns false when the call ends there; then there is no answer.
 */
export function answerOf(
  host: Host,
  {operation, objects}: Pick<LibraryCall, 'operation' | 'objects'>,
  execute: (words: readonly string[]) => boolean,
): LibraryAnswer | undefined {
  const errors = errorsOf(host, {operation, objects})
  if (operation === 'destroy-judged') {
    if (host.runsAs !== 'root') return {errno: NOT_PERMITTED, errors: {}}
    const doable = objects.filter(([name]) => errors[name] === undefined)
    const done = Object.fromEntries(doable.map(([name]) => [name, 0]))
    return commandsOf(operation, doable).every(execute) ? {errno: 0, errors: {...errors, ...done}} : undefined
  }
  const isPartial = Object.values(errors).every((errno) => errno === MISSING)
  const stops = operation === 'hold' || operation === 'release' ? !isPartial : Object.keys(errors).length > 0
  if (stops) return {errno: Object.values(errors)[0] ?? 0, errors}
  const doable = objects.filter(([name]) => errors[name] === undefined && isThere(host, operation, name))
  return commandsOf(operation, doable).every(execute) ? {errno: 0, errors} : undefined
}

type Asked = Pick<LibraryCall, 'operation' | 'objects'>

function errorsOf(host: Host, {operation, objects}: Asked): Record<string, number> {
  return Object.fromEntries(
    objects.flatMap((object) => {
      const errno = errnoOf(host, operation, object)
      return errno === 0 ? [] : [[object[0], errno]]
    }),
  )
}

function errnoOf(host: Host, operation: LibraryCall['operation'], [name, value]: LibraryObject): number {
  const {dataset, snapshot, bookmark} = find(host, name)
  switch (operation) {
    case 'hold':
      return snapshot === undefined ? MISSING : snapshot.holds.has(value) ? EXISTS : 0
    case 'release':
      return snapshot?.holds.has(value) === true ? 0 : MISSING
    case 'bookmark':
      return bookmark !== undefined ? EXISTS : isThere(host, operation, value) ? 0 : MISSING
    case 'destroy-snapshots':
      if (dataset === undefined || snapshot === undefined) return 0
      if (snapshot.holds.size > 0 || snapshot.longHolds > 0) return BUSY
      return dependentsOf(host, dataset, snapshot).length > 0 ? EXISTS : 0
    case 'destroy-judged':
      return answerOfProgram(host, name, value)
    case 'destroy-bookmarks':
      return 0
    case 'snapshot':
      return dataset === undefined ? MISSING : snapshot !== undefined ? EXISTS : 0
  }
}

/** What is to be made is not there, and need not be. */
function isThere(host: Host, operation: LibraryCall['operation'], name: string): boolean {
  if (operation === 'snapshot' || (operation === 'bookmark' && find(host, name).bookmark === undefined))
    return find(host, name).dataset !== undefined
  const {snapshot, bookmark} = find(host, name)
  return snapshot !== undefined || bookmark !== undefined
}

function find(host: Host, name: string) {
  const [dataset = '', short = ''] = name.split(/[@#]/)
  const found = findDataset(host, dataset)
  return {
    dataset: found,
    snapshot: name.includes('@') ? found?.snapshots.find((one) => one.name === short) : undefined,
    bookmark: name.includes('#') ? found?.bookmarks.find((one) => one.name === short) : undefined,
  }
}

function commandsOf(
  operation: LibraryCall['operation'],
  objects: readonly LibraryObject[],
): readonly (readonly string[])[] {
  switch (operation) {
    case 'hold':
    case 'release':
      return objects.map(([name, tag]) => [operation, tag, name])
    case 'bookmark':
      return objects.map(([name, source]) => ['bookmark', source, name])
    case 'destroy-snapshots':
    case 'destroy-judged':
    case 'destroy-bookmarks':
      return objects.map(([name]) => ['destroy', name])
    case 'snapshot':
      return objects.length === 0 ? [] : [['snapshot', ...objects.map(([name]) => name)]]
  }
}

/** A number that nobody knows, for a complaint that nobody has ever seen. */
export const UNKNOWN_ERRNO = 9999

/** Which number the kernel has for what `zfs send` complains of. */
export function errnoOfSend(stderr: string): number {
  return errnoIn(SEND_ERRNOS, stderr)
}

/** Likewise `zfs receive`. */
export function errnoOfReceive(stderr: string): number {
  return errnoIn(RECEIVE_ERRNOS, stderr)
}

const SEND_ERRNOS: readonly (readonly [RegExp, number])[] = [
  [/Broken pipe/, 32],
  [/key must be loaded/, 13],
  [/not an earlier snapshot/, 18],
  [/does not exist|no longer/, MISSING],
]

const RECEIVE_ERRNOS: readonly (readonly [RegExp, number])[] = [
  [/partially-complete state|dataset is busy/, BUSY],
  [/does not\s+match incremental source/, 19],
  [/has been modified/, 26],
  [/does not exist/, MISSING],
  [/exists/, EXISTS],
  [/key must be loaded/, 13],
  [/out of space/, 28],
  [/failed to read from stream|[^-]incomplete stream$/m, 1040],
  [/checksum mismatch/, 52],
  [/invalid|kernel modules must be upgraded|raw receive on top/, 22],
]

function errnoIn(errnos: readonly (readonly [RegExp, number])[], stderr: string): number {
  return errnos.find(([complaint]) => complaint.test(stderr))?.[1] ?? UNKNOWN_ERRNO
}
