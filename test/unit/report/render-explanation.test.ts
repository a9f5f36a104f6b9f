import {expect, test} from 'vitest'
import validate from '../../../src/generated/validate-explanation.js'
import type {Explanation} from '../../../src/lib/report/explanation.ts'
import {renderExplanation} from '../../../src/lib/report/render-explanation.ts'

const EXPLANATION: Explanation = {
  version: 1,
  snapshot: 'tank/a@auto_1',
  guid: '18446744073709551615',
  creation: '2026-01-01T00:00:00.000Z',
  holds: ['mine\u001b[31m'],
  clones: 'tank/copy',
  jobs: [
    {
      job: 'offsite',
      type: 'push',
      side: 'sender',
      verdict: 'kept',
      because: 'kept by last_n 3',
      reasons: [{kind: 'last_n', text: 'kept by last_n 3', until: 'until 2 newer ones are taken'}],
    },
    {
      job: 'local',
      type: 'snap',
      side: 'sender',
      verdict: 'doomed',
      because: 'destroyed: last_n 1: not among the newest',
      reasons: [{kind: 'last_n', text: 'last_n 1: not among the newest'}],
    },
    {
      job: 'origin',
      type: 'source',
      side: 'sender',
      verdict: 'not-judged',
      because: 'the client prunes it',
      reasons: [],
    },
  ],
}

test('everything that has a say, each on its line, escaped', () => {
  expect(validate(EXPLANATION)).toBe(true)
  expect(renderExplanation(EXPLANATION)).toBe(`tank/a@auto_1
  taken 2026-01-01T00:00:00.000Z, guid 18446744073709551615
  held by mine\\x1b[31m: nobody can destroy it until that is released
  has clones, and stays as long as they do: tank/copy
  job offsite (push, sender): stays
    kept by last_n 3, until 2 newer ones are taken
  job local (snap, sender): is destroyed by the next run
    last_n 1: not among the newest
  job origin (source, sender): is not judged: the client prunes it
`)
})

test('a dataset that no job is about', () => {
  expect(renderExplanation({...EXPLANATION, jobs: []})).toContain('zrepl leaves it alone')
})
