import {describe, expect, test} from 'vitest'
import {judgeResume, type Resume} from '../../../src/lib/plan/resume.ts'
import {shortName} from '../../../src/lib/zfs/version.ts'
import {versions} from '../../versions.ts'
import type {TokenFields} from '../zfs/encode-resume-token.ts'
import {tokenFor} from './token.ts'

type Token = {readonly to: number; readonly from?: number; readonly more?: TokenFields}

// biome-ignore format: a table
test.each<[Token, string, string, boolean | undefined, string]>([
  // token                                 sender               receiver        raw        expected
  [{to: 2, from: 1},                     '@a,1 @b,2 @c,3',    '@a,1',         undefined, 'resume @a -> @b'],
  [{to: 2, from: 1},                     '#a,1 @b,2',         '@a,1',         undefined, 'resume #a -> @b'],
  [{to: 2, from: 1},                     '#a,1 @a,1 @b,2',    '@a,1',         undefined, 'resume @a -> @b'],
  [{to: 3, from: 1},                     '@a,1 @b,2 @c,3',    '@a,1 #b,2',    undefined, 'resume @a -> @c'],
  [{to: 1},                               '@a,1 @b,2',         '',             undefined, 'resume full @a'],
  [{to: 2, from: 0},                     '@a,1 @b,2',         '',             undefined, 'resume full @b'],
  // A snapshot may have been renamed, but a token of another filesystem would send that one.
  [{to: 2, from: 1, more: {toname: 'tank/a@old'}}, '@a,1 @b,2', '@a,1',     undefined, 'resume @a -> @b'],
  [{to: 2, from: 1, more: {toname: 'other/fs@b'}}, '@a,1 @b,2', '@a,1',     undefined, "useless: it is of 'other/fs'"],
  // Gone, wrong or out of order.
  [{to: 9, from: 1},                     '@a,1 @b,2',         '@a,1',         undefined, "useless: the snapshot it receives ('tank/a@whatever') is not on the sender any more"],
  [{to: 2, from: 1},                     '@a,1 #b,2',         '@a,1',         undefined, "useless: the snapshot it receives ('tank/a@whatever') is not on the sender any more"],
  [{to: 2, from: 9},                     '@a,1 @b,2',         '@a,1',         undefined, 'useless: the base of @b is not on the sender any more'],
  [{to: 2, from: 1},                     '@a,1 @b,2',         '@a,1 @b,2',    undefined, 'useless: the receiver already has @b'],
  [{to: 3, from: 1},                     '@a,1 @b,2 @c,3',    '@a,1 @b,2',    undefined, 'useless: its base @a is not the newest on the receiver'],
  [{to: 2, from: 1},                     '@a,1 @b,2',         '@a,1 @x,9',    undefined, 'useless: its base @a is not the newest on the receiver'],
  [{to: 2, from: 1},                     '@a,1 @b,2',         '',             undefined, 'useless: its base @a is not the newest on the receiver'],
  [{to: 2, from: 2},                     '@a,1 @b,2',         '@a,1',         undefined, 'useless: its base @b is not the newest on the receiver'],
  [{to: 1, from: 2},                     '@a,1 @b,2',         '@b,2',         undefined, 'useless: its base @b is not older than @a'],
  [{to: 2},                               '@a,1 @b,2',         '@a,1',         undefined, 'useless: it receives @b in full, but the receiver has snapshots'],
  [{to: 2, from: 1, more: {saved: true}}, '@a,1 @b,2',      '@a,1',         undefined, 'useless: it is of a kind that this program does not send'],
  [{to: 2, from: 1, more: {redactSnaps: []}}, '@a,1 @b,2',   '@a,1',         undefined, 'useless: it is of a kind that this program does not send'],
  // Raw or not, as the job sends.
  [{to: 2, from: 1, more: {raw: true}}, '@a,1 @b,2',        '@a,1',         true,      'resume @a -> @b'],
  [{to: 2, from: 1},                     '@a,1 @b,2',         '@a,1',         false,     'resume @a -> @b'],
  [{to: 2, from: 1, more: {raw: true}}, '@a,1 @b,2',        '@a,1',         undefined, 'resume @a -> @b'],
  [{to: 2, from: 1},                     '@a,1 @b,2',         '@a,1',         true,      'useless: it is not a raw stream, but the job sends raw'],
  [{to: 2, from: 1, more: {raw: true}}, '@a,1 @b,2',        '@a,1',         false,     'useless: it is a raw stream, but the job does not send raw'],
])('%j, %s, %s, raw %s: %s', ({to, from, more}, sender, receiver, expectRaw, expected) => {
  expect(describeResume(judgeResume(tokenFor(to, from, more), versions(sender), versions(receiver), expectRaw))).toBe(expected)
})

test('before the first byte there is nothing to continue (zrepl#289)', () => {
  const resume = judgeResume(
    tokenFor(2, 1, {bytes: 0n, object: 1n, offset: 0n}),
    versions('@a,1 @b,2'),
    versions('@a,1'),
    undefined,
  )
  expect(describeResume(resume)).toBe('useless: nothing was received yet')
})

describe('tokens that are none', () => {
  test.each(['', '-', '1-', '1-a-b', '2-1-1-00', 'x'.repeat(1 << 20), tokenFor(2, 1).replace(/^1-./, '1-0')])(
    '%.20s',
    (token) => {
      const resume = judgeResume(token, versions('@a,1 @b,2'), versions('@a,1'), undefined)
      expect(resume).toMatchObject({
        kind: 'useless',
        because: expect.stringContaining('its resume token cannot be used: '),
      })
    },
  )
})

function describeResume(resume: Resume): string {
  if (resume.kind === 'useless') return `useless: ${resume.because}`
  return `resume ${resume.from === undefined ? 'full' : `${shortName(resume.from)} ->`} ${shortName(resume.to)}`
}
