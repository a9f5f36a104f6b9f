import {readFailure, type ZfsFailureKind} from '../../src/lib/zfs/read-stderr.ts'
import type {StreamHeader} from '../../src/lib/zfs/stream-header.ts'
import type {Observation} from './sequence.ts'

/** How a step ended and what is there afterwards, as it was on the machine. */
export type Raw = {
  readonly exit: number
  readonly stderr: string
  /** `undefined`: not asked for. */
  readonly stdout: string | undefined
  readonly header?: StreamHeader | undefined
  readonly state: readonly RawObject[]
}

/** A dataset, snapshot or bookmark. `-` where a value does not apply. */
export type RawObject = {
  readonly name: string
  readonly type: string
  readonly guid: string
  readonly createtxg: string
  readonly userrefs: string
  readonly deferDestroy: string
  readonly origin: string
  readonly token: string
  readonly written: string
}

/**
 * Brings what happened on a machine into the form that is compared: guids by order of first appearance, transaction
 * groups by rank, sizes, dates and tokens only by being there.
 */
export function observe(raws: readonly Raw[], root: string): readonly Observation[] {
  const guids = new Map<string, string>()
  let before: string | undefined
  return raws.map((raw) => {
    const state = describeObjects(raw.state, root, guids)
    const same = state.join('\n') === before
    before = state.join('\n')
    const rows = raw.header === undefined ? rowsOf(raw.stdout, root, guids) : [told(raw.header, root, guids)]
    return {
      exit: raw.exit,
      ...(raw.exit === 0 ? {} : {failure: kindOfFailure(raw.stderr)}),
      ...(rows === undefined ? {} : {rows}),
      ...(same ? {} : {state}),
    }
  })
}

/** Whether a stream that was cut is called damaged or invalid depends on where that was, in bytes, which the simulator has other ones of. */
function kindOfFailure(stderr: string): ZfsFailureKind {
  const {kind} = readFailure(stderr)
  return kind === 'cut' ? 'stream' : kind
}

/** A line for each object; guids as numbered in `guids`. */
export function describeObjects(
  objects: readonly RawObject[],
  root: string,
  guids: Map<string, string>,
): readonly string[] {
  const sorted = objects.toSorted((a, b) => (a.name < b.name ? -1 : 1))
  const versions = sorted.filter(({name}) => /[@#]/.test(name))
  const txgs = Array.from(new Set(versions.map(({createtxg}) => BigInt(createtxg)))).sort((a, b) =>
    a < b ? -1 : 1,
  )
  return sorted.map((one) => {
    const name = one.name.replaceAll(root, '~')
    if (versions.includes(one)) {
      const refs = one.userrefs === '-' || one.userrefs === '0' ? '' : ` held ${one.userrefs}`
      const rank = txgs.indexOf(BigInt(one.createtxg)) + 1
      return `${name} ${classOf(one.guid, guids)} t${rank}${refs}${one.deferDestroy === 'on' ? ' deferred' : ''}`
    }
    const written = one.written !== '0' && versions.some((version) => version.name.startsWith(`${one.name}@`))
    return [
      name,
      one.type,
      ...(one.origin === '-' || one.origin === '' ? [] : [`of ${one.origin.replaceAll(root, '~')}`]),
      ...(one.token === '-' ? [] : ['token']),
      ...(written ? ['modified'] : []),
    ].join(' ')
  })
}

function rowsOf(stdout: string | undefined, root: string, guids: Map<string, string>) {
  return stdout
    ?.split('\n')
    .filter((row) => row !== '')
    .map((row) =>
      row
        .split('\t')
        .map((cell) => normalCell(cell.replaceAll(root, '~'), guids))
        .join(' | '),
    )
}

function normalCell(cell: string, guids: Map<string, string>): string {
  if (guids.has(cell)) return classOf(cell, guids)
  if (/^1-[0-9a-f]+-/.test(cell)) return 'TOKEN'
  if (/^\d{2,}$/.test(cell)) return 'NUMBER'
  return /^\w{3} \w{3} [ \d]\d \d\d:\d\d \d{4}$/.test(cell) ? 'DATE' : cell
}

function told(header: StreamHeader, root: string, guids: Map<string, string>): string {
  const {toguid, fromguid, toname, objectType, raw, compressed, resuming} = header
  const from = fromguid === undefined ? 'full' : `from ${classOf(fromguid, guids)}`
  const flags = [raw && 'raw', compressed && 'compressed', resuming && 'resuming'].filter((word) => word)
  return [
    toname.replaceAll(root, '~'),
    objectType,
    toguid === undefined ? 'no guid' : classOf(toguid, guids),
    from,
    ...flags,
  ].join(' ')
}

/** The name of a guid: its number by first appearance. */
export function classOf(guid: string, guids: Map<string, string>): string {
  const known = guids.get(guid) ?? `g${guids.size + 1}`
  guids.set(guid, known)
  return known
}
