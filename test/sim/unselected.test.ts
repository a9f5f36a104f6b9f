import {describe, expect, test} from 'vitest'
import {type Dataset, mustFindDataset} from './pool.ts'
import {run} from './run.ts'
import {createWorld, passAnHour, receiverName} from './world.ts'

/** The second of each pair that is taken by hand, and those of the job. */
const SELECTS = ['replication:\n', 'replication:\n      snapshots: {regex: "^zrepl_|second|_2$"}\n'] as const
const NOT_REPLICATED = '- type: not_replicated\n        '

describe.each(['push', 'pull'] as const)('%s', (direction) => {
  test('what replication does not select is never sent, and never goes as replicated', async () => {
    const world = createWorld({direction, rewritten: [SELECTS], children: []})
    for (const hour of ['h1', 'h2', 'h3']) {
      const {end, violations} = await run(world)
      expect(violations).toEqual([])
      expect(end).toMatchObject({kind: 'done', status: 0})
      passAnHour(world, hour)
    }
    const {end} = await run(world)
    const isPassedOver = (name: string) => /first|_1$/.test(name)
    expect(namesOf(mustFindDataset(world.sender, 'tank/data')).filter(isPassedOver)).toEqual([
      'first',
      'h1_1',
      'h2_1',
      'h3_1',
    ])
    const copy = mustFindDataset(world.receiver, receiverName(world, 'tank/data'))
    expect(namesOf(copy).filter(isPassedOver)).toEqual([])
    const pruned = end.kind === 'done' ? end.outcome.pruneSender?.filesystems : undefined
    expect(pruned?.flatMap(({snapshots}) => snapshots).find(({name}) => name === 'first')).toEqual({
      name: 'first',
      state: 'kept',
      because: 'kept by not_replicated: it is never sent, because replication.snapshots does not select it',
    })
  })

  test('without the rule it goes like others', async () => {
    const world = createWorld({direction, rewritten: [SELECTS, [NOT_REPLICATED, '']], children: []})
    await run(world)
    passAnHour(world, 'h1')
    await run(world)
    expect(namesOf(mustFindDataset(world.sender, 'tank/data'))).not.toContain('first')
  })
})

function namesOf({snapshots}: Dataset): readonly string[] {
  return snapshots.map(({name}) => name)
}
