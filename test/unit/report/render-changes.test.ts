import {expect, test} from 'vitest'
import {type RenderedChange, renderChanges, statusOfChanges} from '../../../src/lib/report/render-changes.ts'

test('one line for each change', () => {
  const what = 'destroy tank/a#b'
  expect(
    renderChanges([
      {what, state: 'planned'},
      {what, state: 'planned', because: 'replaced'},
      {what, state: 'done'},
      {what, state: 'skipped', because: 'not needed'},
      {what, state: 'failed', because: 'dataset\nis busy'},
    ]),
  ).toBe(
    [
      'would destroy tank/a#b',
      'would destroy tank/a#b: replaced',
      'destroy tank/a#b: done',
      'destroy tank/a#b: skipped: not needed',
      'destroy tank/a#b: failed: dataset\\x0ais busy',
      '',
    ].join('\n'),
  )
  expect(renderChanges([])).toBe('')
})

test.each<[RenderedChange['state'][], number]>([
  [[], 0],
  [['planned', 'done', 'skipped'], 0],
  [['done', 'failed'], 1],
  [['failed', 'conflict', 'done'], 4],
])('%j is exit %i', (states, status) => {
  expect(statusOfChanges(states.map((state) => ({what: '', state})))).toBe(status)
})
