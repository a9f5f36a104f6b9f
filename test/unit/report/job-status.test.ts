import {describe, expect, test} from 'vitest'
import {isSuccess, KEPT_REPORTS, obsoleteReports} from '../../../src/lib/report/job-status.ts'
import {readReport} from '../../../src/lib/report/read-report.ts'
import {HOUR, runReport, status} from './sample-reports.ts'

describe('a run is a success', () => {
  const {replicate: _, ...pruneOnly} = runReport(HOUR)
  test.each([
    ['that replicated and ended well', runReport(HOUR), true],
    ['not with another exit status', runReport(HOUR, {exitStatus: 4}), false],
    ['not one that only pruned', pruneOnly, false],
    ['of a snap job without replicating', {...pruneOnly, type: 'snap' as const}, true],
  ])('%s', (_what, report, expected) => {
    expect(isSuccess(report)).toBe(expected)
  })
})

test('the last run and the last success are told apart', () => {
  const [failed, good] = [runReport(HOUR, {exitStatus: 3}), runReport(2 * HOUR)]
  expect(status([failed, good, runReport(3 * HOUR)])).toMatchObject({last: failed, lastSuccess: good})
  expect(status([])).toMatchObject({last: undefined, lastSuccess: undefined})
})

test('the newest are kept, and the newest success however old', () => {
  const failures = Array.from({length: KEPT_REPORTS + 5}, (_, hours) =>
    runReport(hours * HOUR, {exitStatus: 3}),
  )
  const kept = [...failures, runReport(100 * HOUR), runReport(101 * HOUR)].map((report) => ({report}))
  expect(obsoleteReports(kept)).toEqual([...kept.slice(KEPT_REPORTS, KEPT_REPORTS + 5), kept.at(-1)])
  expect(obsoleteReports(kept.slice(0, KEPT_REPORTS))).toEqual([])
})

describe('a kept text', () => {
  test('is read back', () => {
    expect(readReport(JSON.stringify(runReport(HOUR)))).toEqual(runReport(HOUR))
  })

  test.each(['', '{', '[]', '{"version":2}', JSON.stringify({...runReport(HOUR), exitStatus: 9})])(
    'that is no report is none: %s',
    (text) => {
      expect(readReport(text)).toBeUndefined()
    },
  )
})
