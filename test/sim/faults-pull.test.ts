import {expect, test} from 'vitest'
import {failuresOfAll, STAGES} from './play-all.ts'

/** Every single fault at every command and every frame of a cycle with two filesystems and a volume, on both sides. */
test.each(STAGES)(
  'pull survives every single fault of an %s run',
  async (stage) => {
    expect(await failuresOfAll({direction: 'pull'}, stage, 1, `pull ${stage}`)).toBe('')
  },
  600_000,
)
