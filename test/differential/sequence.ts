/**
 * A sequence of commands that is given to the simulator and to real ZFS alike. Everything happens below a dataset of
 * its own, which every word calls `~`.
 */
export type Sequence = {
  readonly id: string
  /** Numbers of the semantics it probes; none for a random one. */
  readonly semantics: readonly number[]
  readonly steps: readonly Step[]
}

/** Where a stream is cut: not at all, right behind its first record, or when most of it has arrived. */
export type Cut = 'whole' | 'begun' | 'most'

export type Step =
  | {readonly do: 'zfs'; readonly words: Words}
  /** A user writes `count` blocks from the block `first` on. */
  | {readonly do: 'write'; readonly dataset: string; readonly first: number; readonly count: number}
  /** A user makes a filesystem with a key of its own, or takes the key away from it. */
  | {readonly do: 'create-encrypted' | 'unload-key'; readonly dataset: string}
  | {readonly do: 'transfer'; readonly cut: Cut; readonly send: Words; readonly receive: Words}
  /** Continues with the resume token that `dataset` shows. */
  | {
      readonly do: 'resume'
      readonly cut: Cut
      readonly dataset: string
      readonly send: Words
      readonly receive: Words
    }
  /** What the first record of a stream says. */
  | {readonly do: 'header'; readonly send: Words}
  /** Runs a command while a send, or a receive, of somebody else is in the middle of its stream. */
  | {readonly do: 'while-sending'; readonly send: Words; readonly words: Words}
  | {readonly do: 'while-receiving'; readonly send: Words; readonly receive: Words; readonly words: Words}

export type Words = readonly string[]

/** What is compared of a step. */
export type Observation = {
  readonly exit: number
  /** What `read-stderr` makes of the complaint, when there is one. */
  readonly failure?: string
  /** Of commands that are asked for their output: its rows, without what differs from machine to machine. */
  readonly rows?: readonly string[]
  /** Everything below the root afterwards; left out where it is what it was. */
  readonly state?: readonly string[]
}

/** The dataset a sequence has to itself. The pool has this name on every machine. */
export const POOL = 'diff'

export function rootOf({id}: Pick<Sequence, 'id'>): string {
  return `${POOL}/${id}`
}

/** Puts the sequence's dataset for `~`. */
export function atRoot(words: Words, root: string): string[] {
  return words.map((word) => word.replaceAll('~', root))
}

/** Words between blanks. */
export function wordsOf(text: string): Words {
  return text.split(' ').filter((word) => word !== '')
}

/** Commands whose output is compared. */
export function isAsked([verb]: Words): boolean {
  return verb === 'list' || verb === 'get' || verb === 'holds'
}
