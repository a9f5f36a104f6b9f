import {describe, expect, test} from 'vitest'
import {enumerateFaults} from './enumerate.ts'
import {isKnownBug} from './known-bugs.ts'
import type {WorldOptions} from './options.ts'
import {play, prepare} from './scenario.ts'
import {createTally} from './tally.ts'
import {VARIANTS} from './variants.ts'

const STAGES = ['initial', 'incremental'] as const

/** Every single fault at every command and every frame of a cycle with two filesystems and a volume, on both sides. */
describe.each(['push', 'pull'] as const)('%s', (direction) => {
  test.each(STAGES)(
    'survives every single fault of an %s run',
    async (stage) => {
      expect(await playAll({direction}, stage, 1, `${direction} ${stage}`)).toBe('')
    },
    600_000,
  )
})

/** Where the world is another one, every seventh fault, which is another one in each. */
describe.each(VARIANTS)('$name', ({name, options}) => {
  test.each(STAGES)(
    'survives a part of the faults of an %s run',
    async (stage) => {
      expect(await playAll({direction: 'push', ...options}, stage, 7, `${name}, ${stage}`)).toBe('')
    },
    600_000,
  )
})

/** What went wrong with every `step`th fault. */
async function playAll(
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
