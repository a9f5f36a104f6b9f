import {expect, test} from 'vitest'
import {checkToken} from '../../../src/lib/endpoint/check-token.ts'
import type {SendArgs} from '../../../src/lib/zfs/client.ts'
import {PLAIN} from '../../send-flags.ts'
import {snapshots, versions} from '../../versions.ts'
import {tokenFor} from '../plan/token.ts'
import type {TokenFields} from '../zfs/encode-resume-token.ts'

type Asked = {readonly from?: string; readonly encrypted?: boolean; readonly raw?: boolean}

/** Asks to send @b with guid 2 of tank/a, continued from `token`. */
function check(token: string, {from = '', encrypted = false, raw = false}: Asked): string {
  const [to] = snapshots('@b,2')
  if (to === undefined) throw new Error('no snapshot')
  const args: SendArgs = {to, from: versions(from)[0], flags: {...PLAIN, raw}, resumeToken: token}
  try {
    checkToken(args, encrypted && raw)
    return 'accepted'
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

// biome-ignore format: a table
test.each<[string, {to: number; from?: number; more?: TokenFields}, Asked, string]>([
  ['what was asked, in full',   {to: 2},                                   {},                           'accepted'],
  ['what was asked',            {to: 2, from: 1},                          {from: '@a,1'},               'accepted'],
  ['from a bookmark',           {to: 2, from: 1},                          {from: '#a,1'},               'accepted'],
  ['a renamed snapshot',        {to: 2, more: {toname: 'tank/a@old'}},     {},                           'accepted'],
  ['raw, as policy wants',      {to: 2, more: {raw: true}},                {encrypted: true, raw: true}, 'accepted'],
  ['-w of what is not encrypted', {to: 2},                                 {raw: true},                  'accepted'],
  ['another dataset',           {to: 2, more: {toname: 'tank/secret@b'}},  {},                           "it is of 'tank/secret'"],
  ['a child',                   {to: 2, more: {toname: 'tank/a/b@b'}},     {},                           "it is of 'tank/a/b'"],
  ['another snapshot',          {to: 3},                                   {},                           'it is of a snapshot with guid 3, not 2'],
  ['another base',              {to: 2, from: 9},                          {from: '@a,1'},               'its base is 9, not 1'],
  ['a base where none was asked', {to: 2, from: 1},                        {},                           'its base is 1, not nothing'],
  ['everything where an increment was asked', {to: 2},                     {from: '@a,1'},               'its base is nothing, not 1'],
  ['plain of what is encrypted, rawok dropped', {to: 2},                   {encrypted: true, raw: true}, 'it is of a stream that is not raw'],
  ['raw where it is to be decrypted', {to: 2, more: {raw: true}},          {encrypted: true},            'it is of a raw stream'],
  ['raw of what is not encrypted', {to: 2, more: {raw: true}},             {raw: true},                  'it is of a raw stream'],
  ['redacted',                  {to: 2, more: {redactSnaps: [1n]}},        {},                           'it is of a redacted stream'],
  ['saved',                     {to: 2, more: {saved: true}},              {},                           'it is of a partially received snapshot'],
])('a token of %s', (_, {to, from, more}, asked, expected) => {
  const verdict = check(tokenFor(to, from, more), asked)
  expect(verdict).toBe(expected === 'accepted' ? expected : `the resume token for 'tank/a' is refused: ${expected}`)
})

test.each(['', '-', '1-0-0-00', `1-0-0-${'00'.repeat(5000)}`, '-t', '$(reboot)', '1-a-b-c\n'])(
  'a token that is none: %j',
  (token) => {
    expect(check(token, {})).toMatch(/^the resume token for 'tank\/a' is refused: its? /)
  },
)
