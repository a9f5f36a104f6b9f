import {describe, expect, test} from 'vitest'
import {playAll, STAGES} from './play-all.ts'
import {VARIANTS} from './variants.ts'

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
