import {describe, expect, test} from 'vitest'
import {ABSTRACTION_TYPES, type AbstractionType} from '../../../src/lib/abstraction/abstraction.ts'
import {canJudgeStale, staleAbstractions} from '../../../src/lib/abstraction/stale.ts'
import {describeOurs, ours} from '../upkeep/ours.ts'

/** `step a 5` is job a's step hold at createtxg 5, on tank/a unless a filesystem stands before it. */
function stale(list: string): string {
  const all = list.split(', ').map((text) => ours(text.includes('/') ? text : `tank/a ${text}`))
  return staleAbstractions(all)
    .map((abstraction) => describeOurs(abstraction).replace('tank/a ', ''))
    .join(', ')
}

test.each([
  ['one cursor', 'cursor a 5', ''],
  ['older cursors', 'cursor a 3, cursor a 5, cursor a 4', 'cursor a 3, cursor a 4'],
  ['older last-received holds', 'last a 3, last a 5', 'last a 3'],
  ['step holds up to the cursor', 'step a 3, step a 5, step a 6, cursor a 5', 'step a 3, step a 5'],
  [
    'step holds up to the newest cursor',
    'cursor a 3, cursor a 5, step a 4, step a 6',
    'cursor a 3, step a 4',
  ],
  ['without a cursor, all step holds but the newest', 'step a 3, step a 5, step a 4', 'step a 3, step a 4'],
  ['one step hold and no cursor', 'step a 3', ''],
  ['tentative cursors never', 'tentative a 1, tentative a 2, cursor a 5', ''],
  ['v1 cursors never', 'v1 - 1, cursor a 5', ''],
  ['step bookmarks never', 'rc a 1, rc a 2, cursor a 5', ''],
  ['by job', 'cursor a 5, cursor b 3, step b 4, step a 4', 'step a 4'],
  ['a tentative cursor is no cursor', 'tentative a 5, step a 3, step a 4', 'step a 3'],
  ['by filesystem', 'cursor a 5, tank/b cursor a 3, tank/b step a 4', ''],
  ['the kinds of hold apart', 'last a 5, step a 3, last a 4', 'last a 4'],
  ['nothing of nothing', 'v1 - 1', ''],
])('%s', (_, list, expected) => expect(stale(list)).toBe(expected))

test('the order of the list does not matter to what is stale', () => {
  const list = ['cursor a 3', 'cursor a 5', 'step a 4', 'step a 6', 'cursor b 1']
  const answers = list.map((_, index) => [...list.slice(index), ...list.slice(0, index)].join(', '))
  expect(new Set(answers.map((answer) => stale(answer).split(', ').toSorted().join(', ')))).toEqual(
    new Set(['cursor a 3, step a 4']),
  )
})

describe('what can be judged', () => {
  const types = (...types: AbstractionType[]) => new Set(types)
  test.each([
    [types(...ABSTRACTION_TYPES), true],
    [types('step-hold', 'replication-cursor-bookmark-v2'), true],
    [types('last-received-hold'), true],
    [types('replication-cursor-bookmark-v1', 'tentative-replication-cursor-bookmark-v2'), true],
    [types('step-hold'), false],
    [types('replication-cursor-bookmark-v2', 'last-received-hold'), false],
  ])('%j', (types, expected) => expect(canJudgeStale(types)).toBe(expected))
})
