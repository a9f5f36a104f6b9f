import {describe, expect, test} from 'vitest'
import {parseJobId} from '../../../src/lib/abstraction/job-id.ts'
import {planRename, renameAbstractions, renameOrder} from '../../../src/lib/upkeep/rename-job.ts'
import {testContext} from '../zfs-client/scripted-program.ts'
import {describeOurs, ours} from './ours.ts'
import {Killed, poolModel} from './pool-model.ts'

const OLD = parseJobId('old')
const NEW = parseJobId('new')

const objects = (...texts: readonly string[]) => texts.map((text) => ours(`tank/${text}`))

describe('the plan', () => {
  test('names everything of the job, and leaves what is others', () => {
    const {renamings, left} = planRename(
      objects(
        'a cursor old 5',
        'a tentative old 6',
        'a step old 6',
        'b last old 5',
        'a cursor other 5',
        'a v1 - 1',
      ),
      OLD,
      NEW,
    )
    expect(left).toEqual([])
    expect(renamings.map(renameOrder)).toEqual([
      'bookmark tank/a#zrepl_CURSOR_G_000000000000005f_J_new, then destroy replication-cursor-bookmark-v2 tank/a#zrepl_CURSOR_G_000000000000005f_J_old',
      'bookmark tank/a#zrepl_CURSORTENTATIVE__G_0000000000000060_J_new, then destroy tentative-replication-cursor-bookmark-v2 tank/a#zrepl_CURSORTENTATIVE__G_0000000000000060_J_old',
      'hold tank/a@s6 as zrepl_STEP_J_new, then release step-hold "zrepl_STEP_J_old" on tank/a@s6',
      'hold tank/b@s5 as zrepl_last_received_J_new, then release last-received-hold "zrepl_last_received_J_old" on tank/b@s5',
    ])
  })

  test.each<[string, string[], string[]]>([
    ['a newer cursor of the new name', ['a cursor old 5', 'a step old 6', 'a cursor new 6'], ['conflict']],
    ['a newer last-received hold of the new name', ['a last old 5', 'a last new 6'], ['conflict']],
    ['the same cursor: a try that was killed', ['a cursor old 5', 'a cursor new 5'], []],
    ['an older cursor', ['a cursor old 5', 'a cursor new 4'], []],
    ['a newer cursor on another filesystem', ['a cursor old 5', 'b cursor new 6'], []],
    ['a newer step hold, which confirms nothing', ['a cursor old 5', 'a step new 6'], []],
    ['a step bookmark', ['a rc old 5'], ['skipped']],
  ])('%s', (_, texts, states) => {
    const {left} = planRename(objects(...texts), OLD, NEW)
    expect(left.map(({state}) => state)).toEqual(states)
  })

  test('a conflict is one of its filesystem alone, and says what to do', () => {
    const {renamings, left} = planRename(
      objects('a cursor old 5', 'a cursor new 6', 'b cursor old 5'),
      OLD,
      NEW,
    )
    expect(renamings.map(({old}) => describeOurs(old))).toEqual(['tank/b cursor old 5'])
    expect(left[0]?.because).toContain('zfs-abstraction release-all --job old --fs tank/a')
  })

  test('a name that does not fit on a filesystem is told before anything is changed there', () => {
    const deep = `${'x'.repeat(180)}`
    const {renamings, left} = planRename(
      objects(`${deep} cursor old 5`, 'b cursor old 5'),
      OLD,
      parseJobId('j'.repeat(60)),
    )
    expect(renamings.map(({old}) => describeOurs(old))).toEqual(['tank/b cursor old 5'])
    expect(left.map(({state, because}) => [state, because?.includes('longer than 255')])).toEqual([
      ['failed', true],
    ])
  })
})

describe('killed before any change, and tried again', () => {
  const before = objects(
    'a cursor old 3',
    'a cursor old 5',
    'a tentative old 6',
    'a step old 5',
    'a step old 6',
    'b last old 4',
    'b last old 5',
    'a cursor other 5',
  )
  const after = before.map((one) => describeOurs(one).replace(' old ', ' new ')).toSorted()

  async function rename(pool: ReturnType<typeof poolModel>): Promise<readonly string[]> {
    const {renamings, left} = planRename(pool.objects(), OLD, NEW)
    const changes = await renameAbstractions(testContext(), pool.client, renamings)
    return [...left, ...changes].map(({state}) => state)
  }

  test('undisturbed', async () => {
    const pool = poolModel(before)
    expect(new Set(await rename(pool))).toEqual(new Set(['done']))
    expect(pool.objects().map(describeOurs).toSorted()).toEqual(after)
    expect(await rename(pool)).toEqual([])
  })

  test.each(Array.from({length: 14}, (_, index) => index))('change %i', async (killAt) => {
    const killed = poolModel(before, killAt)
    await expect(rename(killed)).rejects.toThrow(Killed)
    const left = killed.objects().map(describeOurs)
    for (const one of before.map(describeOurs))
      expect(left.includes(one) || left.includes(one.replace(' old ', ' new '))).toBe(true)

    const again = poolModel(killed.objects())
    expect((await rename(again)).every((state) => state === 'done')).toBe(true)
    expect(again.objects().map(describeOurs).toSorted()).toEqual(after)
  })
})

test('an old one stays when its successor could not be made', async () => {
  const pool = poolModel(objects('a cursor old 5', 'a step old 5'))
  const {renamings} = planRename(pool.objects(), OLD, NEW)
  const failure = {kind: 'permission', message: 'permission denied'} as const
  const client = {...pool.client, bookmark: async () => [{kind: 'failed', failure} as const]}
  const changes = await renameAbstractions(testContext(), client, renamings)
  expect(changes.map(({state, because}) => `${state} ${because ?? ''}`)).toEqual([
    'failed permission denied',
    'done ',
  ])
  expect(pool.objects().map(describeOurs).toSorted()).toEqual(['tank/a cursor old 5', 'tank/a step new 5'])
})
