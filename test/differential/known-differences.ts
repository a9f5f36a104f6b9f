import {readFileSync} from 'node:fs'
import {join} from 'node:path'
import type {ZfsVersion} from '../lab/image.ts'
import type {Divergence} from './compare.ts'

/** A divergence that is understood and accepted. */
export type KnownDifference = {
  readonly versions: readonly ZfsVersion[]
  readonly sequence: string
  readonly step: number
  /** Why the simulator need not follow. */
  readonly because: string
}

export const KNOWN_DIFFERENCES: readonly KnownDifference[] = JSON.parse(
  readFileSync(join(import.meta.dirname, 'known-differences.json'), 'utf8'),
)

export function isKnown({id, step}: Divergence, version: ZfsVersion): boolean {
  return KNOWN_DIFFERENCES.some(
    (known) => known.versions.includes(version) && known.sequence === id && known.step === step,
  )
}
