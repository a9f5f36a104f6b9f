import type {ZfsVersion} from '../lab/image.ts'
import {observe} from './observe.ts'
import {runOnSimulator} from './on-simulator.ts'
import {PROFILE_OF, type Recording} from './recording.ts'
import {type Observation, rootOf, type Sequence} from './sequence.ts'

/** The first step of a sequence at which the simulator and real ZFS are not of one mind. */
export type Divergence = {
  readonly id: string
  /** Counted from 0. */
  readonly step: number
  readonly command: string
  readonly what: string
}

/**
 * Runs each sequence on the simulator and compares it with what real ZFS answered, up to its first divergence: what
 * comes after it is no evidence of anything. `compared` counts the steps that agree.
 */
export async function compareWithSimulator(
  sequences: readonly Sequence[],
  recording: Recording,
  version: ZfsVersion,
): Promise<{readonly divergences: readonly Divergence[]; readonly compared: number}> {
  const divergences: Divergence[] = []
  let compared = 0
  for (const sequence of sequences) {
    const real = recording[sequence.id]
    if (real?.length !== sequence.steps.length)
      throw new Error(`${sequence.id} is not what was recorded: npm run differential -- record`)
    const {raws, notModelled} = await runOnSimulator(sequence, PROFILE_OF[version])
    const found = compareSequence(sequence, real, observe(raws, rootOf(sequence)), notModelled)
    compared += found?.step ?? sequence.steps.length
    if (found !== undefined) divergences.push(found)
  }
  return {divergences, compared}
}

/** Where two recordings of the same sequence differ; for the freshness of what is recorded as well. */
export function compareSequence(
  {id, steps}: Sequence,
  real: readonly Observation[],
  simulated: readonly Observation[],
  notModelled?: string,
): Divergence | undefined {
  for (const [step, wanted] of real.entries()) {
    const found = simulated[step]
    const [left, right] = [
      describeObservation(wanted),
      found === undefined ? (notModelled ?? 'nothing') : describeObservation(found),
    ]
    if (left === right) continue
    return {id, step, command: JSON.stringify(steps[step]), what: `ZFS ${left}\n  here ${right}`}
  }
  return undefined
}

/** One line, the same where ZFS and the simulator are of one mind. */
export function describeObservation({exit, failure, rows, state}: Observation): string {
  return [
    exit === 0 ? 'exit 0' : 'failed',
    ...(failure === undefined ? [] : [failure]),
    ...(rows === undefined ? [] : [`rows [${rows.join('; ')}]`]),
    state === undefined ? 'unchanged' : `[${state.join('; ')}]`,
  ].join(', ')
}
