import {decodeResumeToken, type ResumeState} from '../../../src/lib/zfs/resume-token.ts'
import {type Content, type Dataset, findDataset, type Host, type Snapshot, type StreamFlags} from '../pool.ts'
import {encodeStream, type StreamBegin, streamBytes} from '../stream.ts'
import {type Answer, type Command, cannotOpen, complained, printed} from './answer.ts'
import {notModelled, readOptions} from './options.ts'

/** A stream ready to be written, with the snapshot that cannot be destroyed meanwhile (semantics 14). */
export type Sending = {readonly bytes: Uint8Array; readonly to: Snapshot; readonly ends: StepEnds}

export type StepEnds = {
  readonly dataset: string
  readonly toguid: string
  readonly fromguid: string | undefined
  readonly raw: boolean
}

/** Works `zfs send` out: the stream, or the complaint. */
export function prepareSend(host: Host, words: readonly string[]): Sending | Answer {
  const {flags, values} = readOptions(words, 'wLcep', 'it')
  const source = sourceOf(host, words)
  if ('exitCode' in source) return source
  const {dataset, to, base, baseContent, resume} = source
  if (dataset.encryption !== undefined && !dataset.encryption.keyLoaded && !flags.has('w'))
    return complained([`warning: cannot send '${dataset.name}@${to.name}': dataset key must be loaded`])
  if (flags.has('p')) {
    if (dataset.encryption === undefined || flags.has('w')) throw notModelled(words, 'properties in a stream')
    const {name} = dataset
    return complained([
      `cannot send ${name}@${to.name}: encrypted dataset ${name} may not be sent with properties without the raw flag`,
      `warning: cannot send '${name}@${to.name}': backup failed`,
    ])
  }
  const streamFlags: StreamFlags = {
    raw: dataset.encryption !== undefined && (flags.has('w') || resume?.raw === true),
    // A raw stream has its blocks as they are on disk, whatever is encrypted.
    compressed: resume?.compressed ?? (flags.has('c') || flags.has('w')),
    embedded: resume?.embedded ?? flags.has('e'),
    largeBlocks: resume?.largeBlocks ?? flags.has('L'),
  }
  if (values('t').length > 1) throw notModelled(words, 'several tokens')
  const begin: StreamBegin = {
    toguid: to.guid,
    fromguid: base,
    toname: `${dataset.name}@${to.name}`,
    creation: to.creation,
    type: dataset.type,
    flags: streamFlags,
    resumeAt: resume === undefined ? undefined : Number(resume.object),
  }
  const ends = {dataset: dataset.name, toguid: to.guid, fromguid: base, raw: streamFlags.raw}
  return {bytes: encodeStream(begin, baseContent, to.content), to, ends}
}

/** `zfs send -nvP`: how long the stream would be. */
export function* estimate(host: Host, words: readonly string[]): Command {
  yield
  const source = sourceOf(host, words)
  if ('exitCode' in source) return source
  const {dataset, to, base, baseContent} = source
  const size = streamBytes(baseContent, to.content)
  const target = `${dataset.name}@${to.name}`
  const kind = base === undefined ? 'full' : `incremental\t${source.baseName}`
  return printed(`${kind}\t${target}\t${size}\nsize\t${size}\n`)
}

const NOTHING: Content = []

type Source = {
  readonly dataset: Dataset
  readonly to: Snapshot
  /** Guid of the base. */
  readonly base: string | undefined
  readonly baseName: string
  readonly baseContent: Content
  readonly resume: ResumeState | undefined
}

function sourceOf(host: Host, words: readonly string[]): Source | Answer {
  const {values, operands} = readOptions(words, 'nvPwLcep', 'it')
  const [token] = values('t')
  if (token !== undefined) return sourceOfToken(host, token)
  const [full = ''] = operands
  const [name = '', short = ''] = full.split('@')
  const dataset = findDataset(host, name)
  const to = dataset?.snapshots.find((snapshot) => snapshot.name === short)
  if (dataset === undefined || to === undefined) return complained([cannotOpen(full)])
  const [baseName] = values('i')
  if (baseName === undefined)
    return {dataset, to, base: undefined, baseName: '', baseContent: NOTHING, resume: undefined}

  const [, baseShort = ''] = baseName.split(/[@#]/)
  const versions = baseName.includes('#') ? dataset.bookmarks : dataset.snapshots
  const base = versions.find((version) => version.name === baseShort)
  if (base === undefined)
    return complained([`warning: cannot send '${full}': incremental source (${baseName}) does not exist`])
  if (base.createtxg >= to.createtxg)
    return complained([`warning: cannot send '${full}': not an earlier snapshot from the same fs`])
  return {dataset, to, base: base.guid, baseName, baseContent: contentOf(host, base.guid), resume: undefined}
}

function sourceOfToken(host: Host, token: string): Source | Answer {
  const state = decodeResumeToken(token)
  if (state.kind === 'useless')
    return complained(['cannot resume send: resume token is corrupt (incorrect checksum)'])
  const [name = '', short = ''] = state.toname.split('@')
  const dataset = findDataset(host, name)
  // By guid: the name in a token only says where to look (guid_to_name in libzfs).
  const to = dataset?.snapshots.find(({guid}) => guid === state.toguid)
  if (dataset === undefined || to === undefined) {
    const isTaken = dataset?.snapshots.some((snapshot) => snapshot.name === short)
    return complained([
      isTaken
        ? `cannot resume send: '${state.toname}' is no longer the same snapshot used in the initial send`
        : `cannot resume send: '${state.toname}' used in the initial send no longer exists`,
    ])
  }
  const {fromguid} = state
  const known = [...dataset.snapshots, ...dataset.bookmarks].some(({guid}) => guid === fromguid)
  if (fromguid !== undefined && !known) {
    const hex = BigInt(fromguid).toString(16)
    return complained([`cannot resume send: incremental source 0x${hex} no longer exists`])
  }
  const baseContent = fromguid === undefined ? NOTHING : contentOf(host, fromguid)
  return {dataset, to, base: fromguid, baseName: '', baseContent, resume: state}
}

/**
 * What a version of this guid contains. A bookmark knows only when it was made, from which ZFS tells what has changed
 * since; the model remembers contents instead.
 */
function contentOf(host: Host, guid: string): Content {
  const content = host.nature.taken.get(guid)?.content
  if (content === undefined) throw new Error(`nobody knows the content of ${guid}`)
  return content
}
