import {describe, expect, test} from 'vitest'
import type {FilesystemView} from '../../../src/lib/plan/observation.ts'
import {parseCron} from '../../../src/lib/plan/parse-cron.ts'
import type {SnapshotPolicy} from '../../../src/lib/plan/policy.ts'
import {planRound} from '../../../src/lib/plan/snapshot-round.ts'
import {parseDatasetName} from '../../../src/lib/zfs/name.ts'
import {view} from './views.ts'

const MINUTE = 60_000
const NOW = Date.UTC(2026, 0, 2, 3, 4, 5)
const NAME = 'zrepl_20260102_030405_000'

function hourly(intervalMs = 60 * MINUTE): SnapshotPolicy {
  return {
    type: 'periodic',
    prefix: 'zrepl_',
    intervalMs,
    timestamp: {format: 'dense', location: 'UTC'},
    minWritten: undefined,
    hooks: [],
  }
}

/** A filesystem whose snapshots were taken that many seconds ago, in order of createtxg. */
function aged(ages: Readonly<Record<string, number>>, name = 'tank/a'): FilesystemView {
  const history = Object.entries(ages).map(
    ([snapshot, age], index) => `@${snapshot},${index + 1},${index + 1},${NOW / 1000 - age}`,
  )
  return view(history.join(' '), {name})
}

function isDue(filesystem: FilesystemView, policy = hourly()): boolean {
  return planRound(policy, [filesystem], NOW).filesystems.length === 1
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
    const round = planRound(hourly(), [wrong], NOW)
    expect(round.warnings).toEqual(["'tank/a@zrepl_1' is 86400 s in the future: was the clock wrong?"])
    const after = aged({zrepl_1: -86400, [round.name ?? '']: 0})
    expect(planRound(hourly(), [after], NOW)).toMatchObject({filesystems: [], warnings: []})
  })
})

describe('a round', () => {
  test('has one name for all that are due', () => {
    const round = planRound(
      hourly(),
      [aged({zrepl_1: 7200}, 'tank/a'), view('', {name: 'tank/b'}), aged({zrepl_1: 600}, 'tank/c')],
      NOW,
    )
    expect(round).toEqual({
      name: NAME,
      filesystems: ['tank/a', 'tank/b'],
      notDue: [{filesystem: 'tank/c', nextDueMs: NOW + 50 * MINUTE}],
      refused: [],
      unwritten: [],
      warnings: [],
    })
  })

  test('has no name when nothing is due', () => {
    expect(planRound(hourly(), [aged({zrepl_1: 60})], NOW).name).toBeUndefined()
    expect(planRound(hourly(), [], NOW)).toMatchObject({name: undefined, filesystems: []})
  })

  test('leaves placeholders out', () => {
    expect(planRound(hourly(), [view('', {placeholder: true})], NOW)).toEqual({
      name: undefined,
      filesystems: [],
      notDue: [],
      refused: [],
      unwritten: [],
      warnings: [],
    })
  })

  test('never reuses a name', () => {
    const old = (snapshot: string, name: string) => aged({[snapshot]: 7200}, name)
    expect(planRound(hourly(), [old(NAME, 'tank/a'), view('', {name: 'tank/b'})], NOW).name).toBe(`${NAME}_1`)
    expect(planRound(hourly(), [old(NAME, 'tank/a'), old(`${NAME}_1`, 'tank/b')], NOW).name).toBe(`${NAME}_2`)
  })

  test('a name taken on a filesystem that is not due is no collision', () => {
    expect(planRound(hourly(), [aged({[NAME]: 0}, 'tank/a'), view('', {name: 'tank/b'})], NOW).name).toBe(
      NAME,
    )
  })

  test('one filesystem with too long a name does not spoil the others', () => {
    const long = `tank/${'x'.repeat(240)}`
    const round = planRound(hourly(), [view('', {name: 'tank/a'}), view('', {name: long})], NOW)
    expect(round.filesystems).toEqual(['tank/a'])
    expect(round.refused).toEqual([
      {filesystem: long, because: expect.stringContaining('longer than 255 bytes')},
    ])
  })
})

describe('cron', () => {
  // NOW is Friday, 2026-01-02T03:04:05Z.
  const cron = (expression: string): SnapshotPolicy => ({
    type: 'cron',
    prefix: 'zrepl_',
    schedule: parseCron(`TZ=UTC ${expression}`),
    timestamp: {format: 'dense', location: 'UTC'},
    minWritten: undefined,
    hooks: [],
  })

  test.each<[string, string, FilesystemView, boolean]>([
    ['never snapshotted', '0 0 1 1 *', view(''), true],
    ['a tick has passed since', '0 3 * * *', aged({zrepl_1: 86400}), true],
    ['a tick has passed long since', '0 3 * * *', aged({zrepl_1: 864000}), true],
    ['taken at the tick', '0 3 * * *', aged({zrepl_1: 245}), false],
    ['taken a second before the tick', '0 3 * * *', aged({zrepl_1: 246}), true],
    ['the tick is now', '5 4 3 * * *', aged({zrepl_1: 60}), true],
    ['the tick is a second ahead', '6 4 3 * * *', aged({zrepl_1: 60}), false],
    ['only snapshots with the prefix count', '0 3 * * *', aged({manual: 60}), true],
    ['from the future', '0 3 * * *', aged({zrepl_1: -600}), true],
    ['seconds in the future are now', '0 3 * * *', aged({zrepl_1: -20}), false],
  ])('%s: %s', (_, expression, filesystem, expected) => {
    expect(isDue(filesystem, cron(expression))).toBe(expected)
  })

  test('the next tick is told', () => {
    expect(planRound(cron('0 3 * * mon'), [aged({zrepl_1: 60})], NOW).notDue).toEqual([
      {filesystem: 'tank/a', nextDueMs: Date.UTC(2026, 0, 5, 3)},
    ])
  })
})

describe('where hardly anything was written', () => {
  const saving = {...hourly(), minWritten: 100n}
  const names = ['tank/a', 'tank/b', 'tank/c', 'tank/d', 'tank/e'] as const
  const filesystems = [
    aged({zrepl_1: 7200}, 'tank/a'),
    aged({zrepl_1: 7200}, 'tank/b'),
    aged({zrepl_1: 7200, manual: 60}, 'tank/c'),
    view('', {name: 'tank/d'}),
    aged({zrepl_1: 7200}, 'tank/e'),
  ]
  const written = new Map(
    [99n, 100n, 0n, 0n].map((bytes, index) => [parseDatasetName(names[index] ?? ''), bytes]),
  )

  test('there is no snapshot, if the newest one is ours', () => {
    const round = planRound(saving, filesystems, NOW, {written})
    expect(round.unwritten).toEqual([{filesystem: 'tank/a', written: 99n}])
    expect(round.filesystems).toEqual(['tank/b', 'tank/c', 'tank/d', 'tank/e'])
  })

  test('but when all are wanted, all get one', () => {
    for (const wanted of ['all', {name: 'x'}] as const)
      expect(planRound(saving, filesystems, NOW, {written, wanted}).filesystems).toEqual(names)
  })

  test('without a threshold nobody asks', () => {
    expect(planRound(hourly(), filesystems, NOW, {written}).filesystems).toEqual(names)
  })
})

describe('all now', () => {
  const filesystems = [aged({zrepl_1: 0}, 'tank/a'), view('', {name: 'tank/b'})]

  test('every filesystem gets one, named as the policy says', () => {
    expect(planRound(hourly(), filesystems, NOW, {wanted: 'all'})).toMatchObject({
      name: NAME,
      filesystems: ['tank/a', 'tank/b'],
      notDue: [],
    })
  })

  test('a policy that names nothing cannot', () => {
    expect(() => planRound({type: 'manual'}, filesystems, NOW, {wanted: 'all'})).toThrow('no prefix')
  })
})

describe('manual', () => {
  test('takes nothing', () => {
    expect(planRound({type: 'manual'}, [view('')], NOW)).toMatchObject({
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
      const round = planRound(policy, filesystems, NOW, {wanted: {name: 'before-upgrade'}})
      expect(round).toMatchObject({name: 'before-upgrade', filesystems: ['tank/a', 'tank/b'], notDue: []})
    },
  )

  test('is refused when it is taken, not changed silently', () => {
    expect(() => planRound(hourly(), filesystems, NOW, {wanted: {name: 'zrepl_1'}})).toThrow(
      "'tank/a@zrepl_1' exists already",
    )
  })

  test.each(['', 'a/b', 'a@b', 'a%b', 'a,b', 'a\n'])('is refused when it is none: %j', (force) => {
    expect(() => planRound(hourly(), filesystems, NOW, {wanted: {name: force}})).toThrow('bad name')
  })
})
