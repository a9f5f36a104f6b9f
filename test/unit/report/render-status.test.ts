import {expect, test} from 'vitest'
import {renderStatus} from '../../../src/lib/report/render-status.ts'
import {at, filesystem, HOUR, MINUTE, NOW, runReport, status} from './sample-reports.ts'

test('the last run, the last success, and each filesystem', () => {
  const failed = runReport(HOUR + MINUTE, {
    exitStatus: 1,
    replicate: {
      filesystems: [
        filesystem('tank/a', 2 * HOUR, {state: 'done'}),
        filesystem('tank/b', undefined, {state: 'conflict', because: 'no common snapshot'}),
        filesystem('tank/c', 26 * HOUR, {
          state: 'failed',
          error: {code: 'receive-failed', message: 'no space'},
        }),
      ],
    },
  })
  expect(
    renderStatus(status([failed, runReport(3 * HOUR + MINUTE)], 'pid 7, since noon'), NOW),
  ).toBe(`job offsite (push): running (pid 7, since noon)
  last run 1h ago (${at(HOUR)}), took 1m; exit 1: some filesystem failed; the others are done
  last success 3h ago (${at(3 * HOUR)})
    tank/a: done, @z 2h ago (${at(2 * HOUR)})
    tank/b: conflict: no common snapshot
    tank/c: failed, @z 1d2h ago (${at(26 * HOUR)}): no space
`)
})

test('no run at all', () => {
  expect(renderStatus(status([]), NOW)).toBe('job offsite (push)\n  no run is on record\n')
})

test('a clock that was put back', () => {
  expect(renderStatus(status([runReport(-HOUR)]), NOW)).toContain('is the clock right?')
})
