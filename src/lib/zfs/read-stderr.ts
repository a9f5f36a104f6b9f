import {printable} from '../core/printable.ts'
import {NameError, parseSnapshotName, poolOf, type SnapshotName} from './name.ts'

/**
 * What went wrong with one object, as far as the text of `zfs` tells. Text only chooses a better word:
 * no decision that could lose data rests on it (OpenZFS changed the text of held snapshots within one release series).
 */
export type ZfsFailure = {
  readonly kind: ZfsFailureKind
  /** What `zfs` said, printable, for people. */
  readonly message: string
}

export type ZfsFailureKind =
  | 'does-not-exist'
  | 'exists'
  | 'busy'
  | 'held'
  | 'cloned'
  | 'permission'
  | 'key-not-loaded'
  | 'partial-receive'
  | 'modified'
  | 'not-the-base'
  | 'no-space'
  /** The stream ended early, was damaged, or nobody read it: a symptom, whose reason lies elsewhere. */
  | 'cut'
  /** ZFS does not take this stream, or this token. */
  | 'stream'
  | 'too-many-arguments'
  /** Not by ZFS: the side that was asked does not want to. */
  | 'refused'
  | 'unknown'

/** The complaint about one object of a command that was given many. */
export type ObjectFailure = {readonly object: string; readonly failure: ZfsFailure}

/** One snapshot that kept `zfs destroy` from destroying the snapshots it was given. */
export type Undestroyable = {readonly snapshot: SnapshotName; readonly failure: ZfsFailure}

/**
 * Puts a word to what a failed `zfs` said on stderr: `unknown` where no known phrase occurs.
 * The phrases are those of OpenZFS 0.7 to 2.4 in the C locale.
 */
export function readFailure(stderr: string): ZfsFailure {
  const lines = meaningfulLines(stderr)
  const said = lines.map(withoutObject).join(' ')
  const kind = PHRASES.find(([, phrase]) => phrase.test(said))?.[0] ?? 'unknown'
  return {kind, message: messageOf(lines)}
}

/**
 * The objects a listing could not open because they do not exist, when that is all it complained about;
 * `undefined` when it said anything else, or nothing. A pool that does not exist counts like a dataset.
 */
export function missingDatasets(stderr: string): readonly string[] | undefined {
  const matches = meaningfulLines(stderr).map((line) =>
    /^cannot open '([^']+)': (?:dataset does not exist|no such pool or dataset|no such pool)$/.exec(line),
  )
  const names = matches.flatMap((match) => match?.[1] ?? [])
  return names.length > 0 && names.length === matches.length ? names : undefined
}

/**
 * Takes the complaints of a command about many objects apart, `cannot hold snapshot 'a@b': …` and the like,
 * in the order printed; `undefined` when a line has any other form. Of a command that goes through its objects one by
 * one, those without a line succeeded; of one that does all or nothing, `zfs snapshot`, none did.
 */
export function objectFailures(stderr: string): readonly ObjectFailure[] | undefined {
  const lines = meaningfulLines(stderr).filter((line) => line !== 'no snapshots were created')
  const matches = lines.map((line) => OBJECT_LINE.exec(line))
  const failures = matches.flatMap((match) =>
    match?.[1] === undefined ? [] : [{object: match[1], failure: readFailure(match[0])}],
  )
  return failures.length === matches.length ? failures : undefined
}

/**
 * What kept `zfs destroy dataset@a,b,c` from destroying anything: the snapshots that are held, busy or cloned.
 * `undefined` when it said anything else. Compare the names with those asked for before believing them.
 */
export function undestroyableSnapshots(stderr: string): readonly Undestroyable[] | undefined {
  const found: Undestroyable[] = []
  let clonesOf: string | undefined
  for (const line of meaningfulLines(stderr)) {
    const undestroyable = readUndestroyable(line)
    if (undestroyable !== undefined) {
      found.push(undestroyable)
      clonesOf = line.startsWith("cannot destroy '") ? `${poolOf(undestroyable.snapshot)}/` : undefined
      continue
    }
    const isClone = clonesOf !== undefined && (line.startsWith(clonesOf) || line === CLONES_FOLLOW)
    if (!isClone) return undefined
  }
  return found.length > 0 ? found : undefined
}

/** True when the only complaint is that the snapshots already carry the tag, which is as wished. */
export function tagAlreadyExists(stderr: string): boolean {
  return everyLine(stderr, /^cannot hold snapshot '[^']+': tag already exists on this dataset$/)
}

/** True when the only complaint is that the snapshots do not carry the tag, which is as wished. */
export function noSuchTag(stderr: string): boolean {
  return everyLine(stderr, /^cannot release hold from snapshot '[^']+': no such tag on this dataset$/)
}

/** True when a bookmark of this name exists, whatever it is a bookmark of: its guid must be compared. */
export function bookmarkExists(stderr: string): boolean {
  return everyLine(stderr, /^cannot create bookmark '[^']+': bookmark exists$/)
}

/** True when what was to be destroyed is not there, which is as wished. */
export function nothingToDestroy(stderr: string): boolean {
  return everyLine(
    stderr,
    /^could not find any snapshots to destroy; check snapshot names\.$|^bookmark '[^']+' does not exist\.?$/,
  )
}

/**
 * What a `zfs receive` that succeeded said, without the properties it was told to leave alone (`-x`) and that the dataset
 * could not have anyway: a volume has no mountpoint.
 */
export function withoutInapplicableProperties(stderr: string): string {
  return stderr.replace(/^Warning: .*: property '[^']+' does not apply to datasets of this type\n?/gm, '')
}

/** True when there was no partial receive to abort, which is as wished. */
export function nothingToAbort(stderr: string): boolean {
  return everyLine(
    stderr,
    /^(?:cannot [^']*: )?'[^']+' does not have any resumable receive state to abort\.?$/,
  )
}

/** The resume token that `zfs receive -s` tells of after an interrupted stream. A hint: the dataset's property is the truth. */
export function tokenOfReceive(stderr: string): string | undefined {
  return /A resuming stream can be generated on the sending system by running:\s+zfs send -t\s(1-[0-9a-f]+-[0-9a-f]+-[0-9a-f]+)/.exec(
    stderr,
  )?.[1]
}

/** True when `zfs receive` got nothing to read: only a symptom, the reason is with the sender. */
export function nothingToRead(stderr: string): boolean {
  return everyLine(stderr, /^cannot receive: failed to read from stream$/)
}

/** True when nobody read what `zfs send` wrote: only a symptom, the reason is with the receiver. */
export function readerGone(stderr: string): boolean {
  return everyLine(stderr, /^warning: cannot send '[^']+': Broken pipe$/)
}

/** True when a dataset was created, and only mounting or sharing it was refused (on Linux only root may mount). */
export function createdButNotMounted(stderr: string): boolean {
  return /^(?:filesystem|volume) successfully created, but /m.test(stderr)
}

/** In order: a more telling phrase stands before one that may occur beside it. */
const PHRASES: readonly (readonly [ZfsFailureKind, RegExp])[] = [
  ['too-many-arguments', /argument list too long/i],
  [
    'permission',
    /permission denied|insufficient privileges|may only be mounted by root|operation not permitted/i,
  ],
  ['key-not-loaded', /key must be loaded|encryption key not loaded/i],
  ['partial-receive', /partially-complete state/],
  ['held', /it's being held/],
  ['cloned', /snapshot has dependent clones|snapshot is cloned/],
  ['modified', /has been modified since most recent snapshot/],
  [
    'not-the-base',
    /most recent snapshot of .* does not match incremental source|not an earlier snapshot from the same fs|is not an ancestor of|requires? -L \(--large-block\)|IV set guid mismatch/,
  ],
  [
    'does-not-exist',
    /dataset does not exist|no such pool|could not find any snapshots to destroy|no such tag on this dataset|incremental source .*(?:does not exist|could not be found|no longer exists)|no longer exists|no longer the same snapshot|(?:bookmark|destination) '[^']*' does not exist/,
  ],
  [
    'exists',
    /tag already exists on this dataset|bookmark exists|dataset already exists|destination already exists|must specify -F to overwrite it|must destroy (?:it|them) to overwrite it|destination has snapshots/,
  ],
  ['no-space', /out of space|space quota exceeded|no space left on device|disk quota exceeded/i],
  ['busy', /dataset is busy|pool or dataset is busy|device or resource busy/i],
  ['cut', /incomplete stream|checksum mismatch|failed to read from stream|broken pipe/i],
  [
    'stream',
    /invalid backup stream|must be upgraded to receive this stream|unsupported feature|crypto parameters not compatible|IV set guid missing|large microzaps|resume token is corrupt|raw receive on top of existing unencrypted|overwrite an unencrypted one with an encrypted one|encryption key does not match existing key|kernel memory allocation larger/i,
  ],
]

/** `cannot <action> '<object>': <reason>`, the form of every complaint about a single object. */
const OBJECT_LINE = /^(?:warning: )?cannot [a-z ]+ '([^']+)': .+$/

/** A name may contain any words, so the phrase is looked for behind the name where it is known where that ends. */
function withoutObject(line: string): string {
  const match = /^(?:warning: )?cannot [a-z ]+ '[^']+': (.+)$/.exec(line)
  return match?.[1] ?? line
}

function readUndestroyable(line: string): Undestroyable | undefined {
  for (const form of UNDESTROYABLE_FORMS) {
    const name = form.exec(line)?.[1]
    if (name === undefined) continue
    const snapshot = snapshotNamed(name)
    const reason = line.slice(line.indexOf(name) + name.length)
    return snapshot === undefined
      ? undefined
      : {snapshot, failure: {...readFailure(reason), message: messageOf([line])}}
  }
  return undefined
}

/** Stands before the clones of a snapshot, one in each line; a clone is in the pool of its snapshot. */
const CLONES_FOLLOW = "use '-R' to destroy the following datasets:"

/** Names may contain `: `, so the known reasons come first and the general form last. */
const UNDESTROYABLE_FORMS = [
  /^cannot destroy snapshot ([^@]+@.+): it's being held\. Run 'zfs holds -r .+' to see holders\.$/,
  /^cannot destroy '([^'@]+@[^']+)': snapshot has dependent clones$/,
  /^cannot destroy snapshot ([^@]+@.+): .*$/,
]

function snapshotNamed(name: string): SnapshotName | undefined {
  try {
    return parseSnapshotName(name)
  } catch (error) {
    if (error instanceof NameError) return undefined
    throw error
  }
}

function everyLine(stderr: string, form: RegExp): boolean {
  const lines = meaningfulLines(stderr)
  return lines.length > 0 && lines.every((line) => form.test(line))
}

/** Without empty lines, and without the usage that some mistakes make `zfs` print. */
function meaningfulLines(stderr: string): readonly string[] {
  const lines = stderr.split('\n').map((line) => line.trimEnd())
  const usage = lines.indexOf('usage:')
  return (usage === -1 ? lines : lines.slice(0, usage)).filter((line) => line !== '')
}

/** One line for people. Sentences that `zfs` wraps are joined; a resume token, which is a capability, is cut. */
function messageOf(lines: readonly string[]): string {
  if (lines.length === 0) return 'zfs said nothing'
  const [first = '', ...rest] = lines
  const text = rest.reduce(
    (text, line) => `${text}${/^(?:warning: )?cannot /.test(line) ? '; ' : ' '}${line.trimStart()}`,
    first,
  )
  return printable(text.replace(/\b(1-[0-9a-f]{1,10})[0-9a-f]*-[0-9a-f]+-[0-9a-f]+/g, '$1…'))
}
