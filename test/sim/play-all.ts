import {enumerateFaults} from './enumerate.ts'
import type {WorldOptions} from './options.ts'
import {play, prepare} from './scenario.ts'
import {createTally, type Tally} from './tally.ts'

export const STAGES = ['initial', 'incremental'] as const

/** Plays every `step`th of all single faults of a run; `existing` is how many there are. */
export async function playAll(
  options: Partial<WorldOptions>,
  stage: 'initial' | 'incremental',
  step: number,
): Promise<Tally & {readonly existing: number}> {
  const baseline = await prepare({options, stage})
  const tally = createTally()
  const faults = enumerateFaults(baseline)
  for (const fault of faults.filter((_, index) => index % step === 0))
    tally.add({options, stage, faults: [fault]}, await play(baseline, [fault]))
  return {...tally, existing: faults.length}
}

/** What went wrong with them, and a line of figures for whoever reads along. */
export async function failuresOfAll(
  options: Partial<WorldOptions>,
  stage: 'initial' | 'incremental',
  step: number,
  name: string,
): Promise<string> {
  const tally = await playAll(options, stage, step)
  console.log(tally.figures(name))
  return await tally.failures()
}
