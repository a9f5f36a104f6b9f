import {expect, test} from 'vitest'
import {EXIT} from '../../../src/lib/core/exit-code.ts'
import {isWorthTelling} from '../../../src/lib/report/is-worth-telling.ts'

const {ok, partial, peer} = EXIT

test.each([
  ['always', ok, ok, true],
  ['failure', ok, partial, false],
  ['failure', partial, partial, true],
  ['failure', peer, undefined, true],
  ['change', ok, ok, false],
  ['change', ok, partial, true],
  ['change', partial, ok, true],
  ['change', partial, peer, true],
  ['change', peer, peer, false],
  ['change', ok, undefined, false],
  ['change', partial, undefined, true],
] as const)('%s: a run that exits with %s after one with %s: %s', (when, exitStatus, before, told) => {
  expect(isWorthTelling(when, {exitStatus}, before === undefined ? undefined : {exitStatus: before})).toBe(
    told,
  )
})

test.each([
  ['always', 'job-busy', true],
  ['failure', 'job-busy', false],
  ['change', 'job-busy', false],
  // Nobody else says anything.
  ['failure', 'job-stuck', true],
  ['change', 'job-stuck', true],
] as const)('%s: a run that ends with %s: %s', (when, code, told) => {
  const report = {exitStatus: EXIT.busy, error: {code, message: 'm'}}
  expect(isWorthTelling(when, report, {exitStatus: ok})).toBe(told)
})
