import {expect, test} from 'vitest'
import type {FilesystemJudgement} from '../../../src/lib/prune/judge-side.ts'
import {exceedsLimit} from '../../../src/lib/prune/limit.ts'
import {parseDatasetName} from '../../../src/lib/zfs/name.ts'
import {snapshots} from '../../versions.ts'
import {lastN} from './rules.ts'

const [SNAPSHOT] = snapshots('@a,1')
const KEEP = {kind: 'keep', snapshot: SNAPSHOT, because: [{kind: 'newest'}]} as const
const DESTROY = {
  kind: 'destroy',
  snapshot: SNAPSHOT,
  because: [{kind: 'rule', rule: lastN(1), miss: 'no-match'}],
} as const

function judged(name: string, kept: number, doomed: number): FilesystemJudgement {
  const verdicts = [...Array(kept).fill(KEEP), ...Array(doomed).fill(DESTROY)]
  return {kind: 'judged', filesystem: parseDatasetName(name), candidates: [], verdicts}
}

const SKIPPED: FilesystemJudgement = {
  kind: 'skip',
  filesystem: parseDatasetName('tank/x'),
  because: 'conflict',
}

test.each<[number, number, number | undefined, number, boolean]>([
  // kept, doomed, count, percent
  [0, 0, 1, 1, false],
  [99, 1, undefined, 1, false],
  [0, 100, undefined, 90, false],
  [11, 101, undefined, 90, true],
  [12, 101, undefined, 90, false],
  [1, 1000, undefined, 100, false],
  [1000, 5, 5, 90, false],
  [1000, 6, 5, 90, true],
])('%d kept, %d doomed, limit %s or %d %%: %s', (kept, doomed, count, percent, exceeded) => {
  const found = exceedsLimit([judged('tank/a', kept, doomed), SKIPPED], {count, percent})
  expect(found !== undefined).toBe(exceeded)
})

test('the share is that of all filesystems together, and the worst one is named', () => {
  const all = [judged('tank/a', 100, 50), judged('tank/b', 0, 120)]
  expect(exceedsLimit(all, {count: undefined, percent: 60})).toBe(
    "170 of 270 snapshots would be destroyed, most of them of 'tank/b': more than 60 %",
  )
  expect(exceedsLimit(all, {count: undefined, percent: 63})).toBeUndefined()
})
