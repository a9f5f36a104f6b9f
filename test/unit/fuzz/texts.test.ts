import fc from 'fast-check'
import {describe, expect, test, vi} from 'vitest'
import {longTexts, nearly, RUNS} from './inputs.ts'
import {outcomeOf} from './target.ts'
import {TARGETS} from './targets.ts'

// A configuration takes some milliseconds.
vi.setConfig({testTimeout: 30_000 + 20 * (RUNS.numRuns ?? 0)})

describe.each(TARGETS.map((target) => [target.name, target] as const))('%s', (_, target) => {
  test('answers or throws what is documented, and what it says is safe to print', async () => {
    await fc.assert(
      fc.asyncProperty(nearly(target.samples), async (text) => {
        const outcome = await outcomeOf(target, text)
        if ('refused' in outcome) expect(outcome.refused).toMatch(/^[\x20-\x7e…\n]+$/)
      }),
      RUNS,
    )
  })

  test('comes back from long text, and with a short message', async () => {
    for (const text of longTexts(target.samples, target.longest)) {
      const outcome = await outcomeOf(target, text)
      if ('refused' in outcome) expect(outcome.refused.length).toBeLessThan(40_000)
    }
  })
})
