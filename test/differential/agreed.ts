import {createHash} from 'node:crypto'
import {existsSync, readFileSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import type {ZfsVersion} from '../lab/image.ts'
import {describeObservation} from './compare.ts'
import {observe} from './observe.ts'
import {runOnSimulator} from './on-simulator.ts'
import {freshSequences, PROFILE_OF} from './recording.ts'
import {type Observation, rootOf} from './sequence.ts'

/**
 * Random sequences on which real ZFS and the simulator have been of one mind, by their ids: a digest of what was observed.
 * What they do in full is kept only where they were not.
 */
export type Agreed = Readonly<Record<string, string>>

export function digestOf(observations: readonly Observation[]): string {
  const text = observations.map(describeObservation).join('\n')
  return createHash('sha256').update(text).digest('hex').slice(0, 16)
}

export function readAgreed(version: ZfsVersion): Agreed {
  return existsSync(fileOf(version)) ? JSON.parse(readFileSync(fileOf(version), 'utf8')) : {}
}

/** Adds to what was kept. */
export function keepAgreed(version: ZfsVersion, agreed: Agreed): void {
  const all = {...readAgreed(version), ...agreed}
  const sorted = Object.entries(all).toSorted(([a], [b]) => seedOf(a) - seedOf(b))
  writeFileSync(fileOf(version), `${JSON.stringify(Object.fromEntries(sorted), undefined, 1)}\n`)
}

/** Those that the simulator answers in another way now. */
export async function noLongerAgreed(version: ZfsVersion): Promise<readonly string[]> {
  const changed: string[] = []
  for (const [id, digest] of Object.entries(readAgreed(version)))
    for (const sequence of freshSequences(seedOf(id), 1)) {
      const {raws} = await runOnSimulator(sequence, PROFILE_OF[version])
      if (digestOf(observe(raws, rootOf(sequence))) !== digest) changed.push(id)
    }
  return changed
}

/** The seed of a random sequence, by its id. */
function seedOf(id: string): number {
  return Number(id.split('-')[1])
}

function fileOf(version: ZfsVersion): string {
  return join(import.meta.dirname, `agreed-${version}.json`)
}
