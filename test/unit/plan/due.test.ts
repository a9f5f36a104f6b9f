import {describe, expect, test} from 'vitest'
import {planSnapshots} from '../../../src/lib/plan/due.ts'
import type {FilesystemView} from '../../../src/lib/plan/observation.ts'
import type {SnapshotPolicy} from '../../../src/lib/plan/policy.ts'
import {view} from './views.ts'

const MINUTE = 60_000
const NOW = Date.UTC(2026, 0, 2, 3, 4, 5)
const NAME = 'zrepl_20260102_030405_000'

function hourly(intervalMs = 60 * MINUTE): SnapshotPolicy {
  return {type: 'periodic', prefix: 'zrepl_', intervalMs, timestamp: {format: 'dense', location: 'UTC'}}
}

/** A filesystem whose snapshots were taken that many seconds ago, in order of createtxg. */
function aged(ages: Readonly<Record<string, number>>, name = 'tank/a'): FilesystemView {
  const history = Object.entries(ages).map(
    ([snapshot, age], index) => `@${snapshot},${index + 1},${index + 1},${NOW / 1000 - age}`,
  )
  return view(history.join(' '), {name})
}

function isDue(filesystem: FilesystemView, policy = hourly()): boolean {
  return planSnapshots(policy, [filesystem], NOW).filesystems.length === 1
}

describe('when a filesystem is due', () => {
  test.each<[string, FilesystemView, boolean]>([
    ['never snapshotted', view(''), true],
    ['an hour and more ago', aged({zrepl_1: 3601}), true],
    ['exactly an hour ago', aged({zrepl_1: 3600}), true],
    ['the timer was half a minute early', aged({zrepl_1: 3570}), true],
    ['a minute early is too early', aged({zrepl_1: 3540}), false],
    ['just now', aged({zrepl_1: 0}), false],
    ['the newest counts', aged({zrepl_1: 7200, zrepl_2: 60}), false],
    ['the newest by createtxg, not by date', aged({zrepl_1: 60, zrepl_2: 7200}), true],
    ['only snapshots with the prefix count', aged({manual: 60, other_zrepl_: 30}), true],
    ['a bookmark is no snapshot', view(`#zrepl_1,1,1,${NOW / 1000}`), true],
    ['a second in the future is now', aged({zrepl_1: -1}), false],
    ['minutes in the future', aged({zrepl_1: -600}), true],
    ['years in the future', aged({zrepl_1: -315360000}), true],
    ['1970', aged({zrepl_1: NOW / 1000}), true],
  ])('%s: %s', (_, filesystem, expected) => {
    expect(isDue(filesystem)).toBe(expected)
  })

  test('the tolerance is 5 % of a short interval', () => {
    expect(isDue(aged({zrepl_1: 57}), hourly(MINUTE))).toBe(true)
    expect(isDue(aged({zrepl_1: 56}), hourly(MINUTE))).toBe(false)
    expect(isDue(aged({zrepl_1: 86400 - 30}), hourly(24 * 60 * MINUTE))).toBe(true)
    expect(isDue(aged({zrepl_1: 86400 - 31}), hourly(24 * 60 * MINUTE))).toBe(false)
  })

  test('a snapshot from the future never stops snapshots: the next one sets things right', () => {
    const wrong = aged({zrepl_1: -86400})
    const round = planSnapshots(hourly(), [wrong], NOW)
    expect(round.warnings).toEqual(["'tank/a@zrepl_1' is 86400 s in the future: was the clock wrong?"])
    const after = aged({zrepl_1: -86400, [round.name ?? '']: 0})
    expect(planSnapshots(hourly(), [after], NOW)).toMatchObject({filesystems: [], warnings: []})
  })
})

describe('a round', () => {
  test('has one name for all that are due', () => {
    const round = planSnapshots(
      hourly(),
      [aged({zrepl_1: 7200}, 'tank/a'), view('', {name: 'tank/b'}), aged({zrepl_1: 600}, 'tank/c')],
      NOW,
    )
    expect(round).toEqual({
      name: NAME,
      filesystems: ['tank/a', 'tank/b'],
      notDue: [{filesystem: 'tank/c', nextDueMs: NOW + 50 * MINUTE}],
      refused: [],
      warnings: [],
    })
  })

  test('has no name when nothing is due', () => {
    expect(planSnapshots(hourly(), [aged({zrepl_1: 60})], NOW).name).toBeUndefined()
    expect(planSnapshots(hourly(), [], NOW)).toMatchObject({name: undefined, filesystems: []})
  })

  test('leaves placeholders out', () => {
    expect(planSnapshots(hourly(), [view('', {placeholder: true})], NOW)).toEqual({
      name: undefined,
      filesystems: [],
      notDue: [],
      refused: [],
      warnings: [],
    })
  })

  test('never reuses a name', () => {
    const old = (snapshot: string, name: string) => aged({[snapshot]: 7200}, name)
    expect(planSnapshots(hourly(), [old(NAME, 'tank/a'), view('', {name: 'tank/b'})], NOW).name).toBe(
      `${NAME}_1`,
    )
    expect(planSnapshots(hourly(), [old(NAME, 'tank/a'), old(`${NAME}_1`, 'tank/b')], NOW).name).toBe(
      `${NAME}_2`,
    )
  })

  test('a name taken on a filesystem that is not due is no collision', () => {
    expect(planSnapshots(hourly(), [aged({[NAME]: 0}, 'tank/a'), view('', {name: 'tank/b'})], NOW).name).toBe(
      NAME,
    )
  })

  test('one filesystem with too long a name does not spoil the others', () => {
    const long = `tank/${'x'.repeat(240)}`
    const round = planSnapshots(hourly(), [view('', {name: 'tank/a'}), view('', {name: long})], NOW)
    expect(round.filesystems).toEqual(['tank/a'])
    expect(round.refused).toEqual([
      {filesystem: long, because: expect.stringContaining('longer than 255 bytes')},
    ])
  })
})

describe('manual', () => {
  test('takes nothing', () => {
    expect(planSnapshots({type: 'manual'}, [view('')], NOW)).toMatchObject({
      name: undefined,
      filesystems: [],
      notDue: [],
    })
  })
})

describe('a name that a person chose', () => {
  const filesystems = [
    aged({zrepl_1: 0}, 'tank/a'),
    view('', {name: 'tank/b'}),
    view('', {name: 'tank/c', placeholder: true}),
  ]

  test.each<SnapshotPolicy>([{type: 'manual'}, hourly()])(
    'is used at once for all filesystems: %j',
    (policy) => {
      const round = planSnapshots(policy, filesystems, NOW, {force: 'before-upgrade'})
      expect(round).toMatchObject({name: 'before-upgrade', filesystems: ['tank/a', 'tank/b'], notDue: []})
    },
  )

  test('is refused when it is taken, not changed silently', () => {
    expect(() => planSnapshots(hourly(), filesystems, NOW, {force: 'zrepl_1'})).toThrow(
      "'tank/a@zrepl_1' exists already",
    )
  })

  test.each(['', 'a/b', 'a@b', 'a%b', 'a,b', 'a\n'])('is refused when it is none: %j', (force) => {
    expect(() => planSnapshots(hourly(), filesystems, NOW, {force})).toThrow('bad name')
  })
})
