import type {Snapshot} from '../zfs/version.ts'

/** A snapshot that rules are asked about. */
export type Candidate = {
  readonly snapshot: Snapshot
  /** It is, or will never have to be, on the receiver: no younger than the last version both sides have. */
  readonly replicated: boolean
  /** It is the last version both sides have. */
  readonly atCursor: boolean
  /** Sender only: it is not on the receiver as far as is known, and replication passes it over. Absent for all others. */
  readonly neverSent?: true
}

/** What one rule says about one snapshot. */
export type Opinion = Keep | Miss

/** Why a rule keeps a snapshot: because that is what it is for, or because nobody will ever have a copy. */
export type Keep = 'keep' | 'never-sent'

/** Why a rule does not keep a snapshot. */
export type Miss = 'no-match' | 'too-old' | 'bucket-full' | 'not-first' | 'not-among-newest' | 'replicated'

/** What one rule says about each of a filesystem's snapshots. Snapshots it was not asked about are `no-match`. */
export type Opinions = ReadonlyMap<Snapshot, Opinion>
