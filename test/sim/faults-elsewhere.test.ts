import {describe, expect, test} from 'vitest'
import {failuresOfAll, STAGES} from './play-all.ts'
import {VARIANTS} from './variants.ts'

/** Where the world is another one, every seventh fault, which is another one in each. */
describe.each(VARIANTS)('$name', ({name, options}) => {
  test.each(STAGES)(
    'survives a part of the faults of an %s run',
    async (stage) => {
      expect(await failuresOfAll({direction: 'push', ...options}, stage, 7, `${name}, ${stage}`)).toBe('')
    },
    600_000,
  )
})
