import {readFileSync} from 'node:fs'
import {join} from 'node:path'
import type {Named} from './threats.ts'

/** What has to be true at every moment, what judges it, and what has been seen to break it. */
export type Invariant = {
  readonly id: string
  readonly what: string
  readonly judged: readonly Named[]
  /** A history or a deliberate mistake in which a judge speaks. */
  readonly fails: readonly Named[]
}

export function readInvariants(): readonly Invariant[] {
  return JSON.parse(readFileSync(join(import.meta.dirname, 'invariants.json'), 'utf8'))
}
