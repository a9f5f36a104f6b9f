import {enumerateFaults} from './enumerate.ts'
import {isKnownBug} from './known-bugs.ts'
import type {WorldOptions} from './options.ts'
import {play, prepare} from './scenario.ts'
import {createTally} from './tally.ts'

export const STAGES = ['initial', 'incremental'] as const

/** What went wrong with every `step`th fault. */
export async function playAll(
  options: Partial<WorldOptions>,
  stage: 'initial' | 'incremental',
  step: number,
  name: string,
): Promise<string> {
  const baseline = await prepare({options, stage})
  const tally = createTally()
  const faults = enumerateFaults(baseline).filter((fault) => !isKnownBug(baseline, fault))
  for (const fault of faults.filter((_, index) => index % step === 0))
    tally.add({options, stage, faults: [fault]}, await play(baseline, [fault]))
  console.log(tally.figures(name))
  return await tally.failures()
}
