import {existsSync, readFileSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {ZFS_VERSIONS, type ZfsVersion} from '../lab/image.ts'
import type {ProfileName} from '../sim/profile.ts'
import {type RunScript, runInLab} from './in-lab.ts'
import {observe} from './observe.ts'
import {PROBES} from './probes.ts'
import {randomSequence} from './random-sequence.ts'
import {type Observation, rootOf, type Sequence} from './sequence.ts'

/** What real ZFS answered, by the id of the sequence. */
export type Recording = Readonly<Record<string, readonly Observation[]>>

/** The simulator's profile of each OpenZFS that the lab has. */
export const PROFILE_OF: Readonly<Record<ZfsVersion, ProfileName>> = {'2.1': '2.1.11', '2.3': '2.3.2'}

/** The first ones, and those on which ZFS and the simulator were not of one mind. */
const RANDOM_SEEDS = [...Array.from({length: 12}, (_, index) => index + 1), 101, 122, 191, 257, 293]
const RANDOM_LENGTH = 25

/** The sequences that are recorded: the probes, and random ones of fixed seeds. */
export function recordedSequences(): readonly Sequence[] {
  return [...PROBES, ...RANDOM_SEEDS.map((seed) => randomSequence(seed, RANDOM_LENGTH))]
}

/** `count` further random sequences from the seed `first` on, which are not recorded. */
export function freshSequences(first: number, count: number): readonly Sequence[] {
  return Array.from({length: count}, (_, index) => randomSequence(first + index, RANDOM_LENGTH))
}

/** Asks real ZFS. */
export async function askZfs(sequences: readonly Sequence[], runScript: RunScript): Promise<Recording> {
  const answers = await runInLab(sequences, runScript)
  return Object.fromEntries(
    sequences.map((sequence) => [sequence.id, observe(answers.get(sequence.id) ?? [], rootOf(sequence))]),
  )
}

/** The releases that have been asked. */
export function recordedVersions(): readonly ZfsVersion[] {
  return ZFS_VERSIONS.filter((version) => existsSync(fileOf(version)))
}

/** The sequences that this release has been asked. */
export function sequencesIn(recording: Recording): readonly Sequence[] {
  return recordedSequences().filter(({id}) => recording[id] !== undefined)
}

export function readRecording(version: ZfsVersion): Recording {
  return JSON.parse(readFileSync(fileOf(version), 'utf8')) as Recording
}

/** Keeps `recording`, and of what was recorded before the sequences that it does not have. */
export function writeRecording(version: ZfsVersion, recording: Recording): void {
  const all = existsSync(fileOf(version)) ? {...readRecording(version), ...recording} : recording
  const ids = recordedSequences().map(({id}) => id)
  const kept = ids.flatMap((id) => (all[id] === undefined ? [] : [[id, all[id]] as const]))
  const lines = kept.map(
    ([id, answers]) =>
      `${JSON.stringify(id)}: [\n${answers.map((answer) => `  ${JSON.stringify(answer)}`).join(',\n')}\n]`,
  )
  writeFileSync(fileOf(version), `{\n${lines.join(',\n')}\n}\n`)
}

function fileOf(version: ZfsVersion): string {
  return join(import.meta.dirname, `recorded-${version}.json`)
}
