import {describe, expect, test} from 'vitest'
import {enumerateFaults} from './enumerate.ts'
import {isKnownBug} from './known-bugs.ts'
import type {WorldOptions} from './options.ts'
import {play, prepare} from './scenario.ts'
import {createTally} from './tally.ts'

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

/** Where the world is another one, a part of the faults: each variant another part, none twice by design. */
const VARIANTS: readonly (readonly [name: string, options: Partial<WorldOptions>])[] = [
  ['only the newest snapshot at first', {initialReplication: 'most_recent'}],
  [
    'bookmarks instead of holds',
    {protection: {initial: 'guarantee_incremental', incremental: 'guarantee_incremental'}},
  ],
  ['no protection', {protection: {initial: 'guarantee_nothing', incremental: 'guarantee_nothing'}}],
  ['three filesystems at once', {concurrentSteps: 3, jitter: 4}],
  ['pipes that are always full', {pipeBytes: 300}],
  ['a hang-up that is noticed at once', {hangUp: 'at-once', direction: 'pull'}],
  ['OpenZFS 2.1.11', {sender: '2.1.11', receiver: '2.1.11'}],
  ['OpenZFS 2.3.3, old to new', {sender: '2.1.11', receiver: '2.3.3', direction: 'pull'}],
  ['a placeholder in the place', {placeholder: true, receiver: '2.3.3'}],
  ['a placeholder in the place, pulled', {placeholder: true, receiver: '2.2.9', direction: 'pull'}],
]

describe.each(VARIANTS)('%s', (name, options) => {
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
