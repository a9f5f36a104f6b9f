import {expect, test} from 'vitest'
import {isNonEmpty} from '../../../src/lib/core/assert.ts'
import {seriesOf} from '../../../src/lib/plan/series.ts'
import {chainSteps, describeStep} from '../../../src/lib/plan/step.ts'
import {parseDatasetName} from '../../../src/lib/zfs/name.ts'
import {isSnapshot} from '../../../src/lib/zfs/version.ts'
import {versions} from '../../versions.ts'
import {policy} from './views.ts'

const filesystem = parseDatasetName('tank/a')
const context = {filesystem, type: 'filesystem', raw: false, policy: policy()} as const

/** The series of the steps through `history`, in words; the first snapshot is there already, or is sent in full. */
function series(history: string, start: 'from-first' | 'full', maxStreams: number, token?: string) {
  const snapshots = versions(history, filesystem).filter(isSnapshot)
  const [from] = snapshots
  const to = start === 'full' ? snapshots : snapshots.slice(1)
  if (!isNonEmpty(to)) throw new Error('nothing to send')
  const steps = chainSteps(context, start === 'full' ? undefined : from, to, token)
  return seriesOf(steps, maxStreams).map((one) => one.map(describeStep).join(', '))
}

const HISTORY = '@a,1 @b,2 @c,3 @d,4 @e,5'

test('increments travel together, as many as both sides are ready for', () => {
  const whole = ['@a -> @b, @b -> @c, @c -> @d, @d -> @e']
  expect(series(HISTORY, 'from-first', 100)).toEqual(whole)
  expect(series(HISTORY, 'from-first', 4)).toEqual(whole)
  expect(series(HISTORY, 'from-first', 3)).toEqual(['@a -> @b, @b -> @c, @c -> @d', '@d -> @e'])
  expect(series('@a,1 @b,2 @c,3', 'from-first', 1)).toEqual(['@a -> @b', '@b -> @c'])
})

test('a full stream travels alone', () => {
  expect(series('@a,1 @b,2 @c,3', 'full', 100)).toEqual(['full @a', '@a -> @b, @b -> @c'])
})

test('a step that continues a partial receive travels alone', () => {
  expect(series('@a,1 @b,2 @c,3 @d,4', 'from-first', 100, '1-a-b-cc')).toEqual([
    '@a -> @b (resumed)',
    '@b -> @c, @c -> @d',
  ])
})
