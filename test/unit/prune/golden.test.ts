import {join} from 'node:path'
import {expect, test} from 'vitest'
import type {NonEmpty} from '../../../src/lib/core/assert.ts'
import {describeKeepReason, describeVerdict} from '../../../src/lib/prune/describe-reason.ts'
import {describeUntil} from '../../../src/lib/prune/describe-until.ts'
import type {History} from '../../../src/lib/prune/history.ts'
import {judgeSender} from '../../../src/lib/prune/judge-side.ts'
import type {KeepRule} from '../../../src/lib/prune/keep-rule.ts'
import {isSnapshot, type Snapshot} from '../../../src/lib/zfs/version.ts'
import {PUSH, view} from '../plan/views.ts'
import {calendar, grid, lastN, notReplicated, regex} from './rules.ts'

const HOUR = 3600
const DAY = 24 * HOUR
const NOW = Date.UTC(2026, 3, 2, 9, 30) / 1000

/**
 * What a laptop may have on an April morning: by the hour for a day, by the day for two weeks, by the week for four months;
 * two taken by hand, one dated in the future; one held, one with a clone.
 */
const LAPTOP = (() => {
  const ages = [
    ...Array.from({length: 30}, (_, index) => HOUR / 2 + index * HOUR),
    ...Array.from({length: 14}, (_, index) => HOUR / 2 + (index + 2) * DAY),
    ...Array.from({length: 14}, (_, index) => HOUR / 2 + (index + 3) * 7 * DAY),
  ]
  const named = [
    ...ages.map((age) => [NOW - age, `zrepl_${digitsOf(NOW - age)}`] as const),
    [NOW - 40 * DAY, 'before-upgrade'] as const,
    [NOW - 5 * HOUR - 60, 'manual_test'] as const,
    [NOW + 9 * DAY, 'zrepl_of_the_future'] as const,
  ].toSorted(([a], [b]) => a - b)
  const notation = named.map(([date, name], index) => `@${name},${index + 1},${index + 1},${date}`).join(' ')
  const history = view(notation, {holds: {[`zrepl_${digitsOf(NOW - HOUR / 2 - 42 * DAY)}`]: 'audit'}})
  const cloned = `zrepl_${digitsOf(NOW - HOUR / 2 - 11 * DAY)}`
  const versions = history.versions
    .filter(isSnapshot)
    .map((one): Snapshot => (one.name === cloned ? {...one, clones: 'tank/try'} : one))
  return {...history, versions} satisfies History
})()

function digitsOf(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace(/[-:]/g, '').replace('T', '_').slice(0, 15)
}

/** A line of each snapshot, oldest first, and under it everything that speaks for it, until when, or why it goes. */
function judged(rules: NonEmpty<KeepRule>): string {
  const sender = LAPTOP
  // The two before the newest are still to be sent.
  const [from, to] = sender.versions.filter(isSnapshot).slice(-3)
  const receiver = {...sender, versions: sender.versions.slice(0, -2), holds: new Map()}
  const steps = to === undefined ? [] : [{from, to}]
  const [judgement] = judgeSender({
    rules,
    running: new Map(),
    agreed: false,
    nowMs: NOW * 1000,
    sender: {jobId: PUSH, filesystems: [sender]},
    receiver: {jobId: PUSH, filesystems: [receiver]},
    states: new Map([[sender.filesystem, {standing: 'pending', steps}]]),
    isSelected: () => true,
    onConflict: 'keep',
    goneAfterMs: undefined,
  })
  if (judgement?.kind !== 'judged') throw new Error('not judged')
  const {candidates, verdicts} = judgement
  return verdicts
    .flatMap((verdict) => {
      const {name, creation} = verdict.snapshot
      const date = new Date(creation * 1000).toISOString().slice(0, 16)
      if (verdict.kind === 'destroy')
        return [`goes   ${date}  @${name}`, `       ${describeVerdict(verdict)}`]
      const reasons = verdict.because.map(
        (reason) =>
          `       ${describeKeepReason(reason)}, ${describeUntil(reason, verdict.snapshot, candidates)}`,
      )
      return [`stays  ${date}  @${name}`, ...reasons]
    })
    .map((line) => `${line}\n`)
    .join('')
}

/** After a change that is meant: vitest -u, and look at the difference. */
test.each<[string, NonEmpty<KeepRule>]>([
  [
    'grid',
    [notReplicated(), grid('1x1h(keep=all) | 24x1h | 14x1d | 6x30d', '^zrepl_'), regex('^zrepl_', true)],
  ],
  ['calendar', [calendar({hourly: 12, daily: 7, weekly: 4, monthly: 12}, 'Europe/Berlin', '^zrepl_')]],
  ['last-n', [lastN(5, '^zrepl_'), lastN(1, 'upgrade')]],
])('a laptop by %s: what stays and what goes, and why', async (name, rules) => {
  await expect(judged(rules)).toMatchFileSnapshot(join(import.meta.dirname, 'golden', `${name}.txt`))
})
