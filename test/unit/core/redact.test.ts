import {expect, test} from 'vitest'
import {OperationalError} from '../../../src/lib/core/errors.ts'
import {printable} from '../../../src/lib/core/printable.ts'
import {redacted, redactedFields, withSecretsHidden} from '../../../src/lib/core/redact.ts'

const TOKEN = '1-c8c4c5d5a-e8-789c636064000310a500c4ec50360710e72765a526973030419460caa7a515a7968064'

test.each([
  [`zfs send -t ${TOKEN}`, 'zfs send -t 1-c8c4c5d5a-…'],
  [`'${TOKEN}', '${TOKEN}'`, "'1-c8c4c5d5a-…', '1-c8c4c5d5a-…'"],
  [`cut: ${TOKEN.slice(0, 40)}`, 'cut: 1-c8c4c5d5a-…'],
  ['tank/vm-1-2-3-4 tank/vm-1-100-0-disk0@a', 'tank/vm-1-2-3-4 tank/vm-1-100-0-disk0@a'],
  ['tank/1-2024-01-789c@x tank/1-a-b-c0ffee0123456789', 'tank/1-2024-01-789c@x tank/1-a-b-c0ffee0123456789'],
  ['postgres://me:s3cret@db:5432/x', 'postgres://me:…@db:5432/x'],
  ['tank/a@zrepl_20260101_000000_000 11-2-3 1-2', 'tank/a@zrepl_20260101_000000_000 11-2-3 1-2'],
  ['https://hc.example/ping at 10:00 by root@host', 'https://hc.example/ping at 10:00 by root@host'],
])('%s', (text, expected) => {
  expect(redacted(text)).toBe(expected)
  expect(printable(text)).toBe(expected)
  expect(new OperationalError('host', text, {hint: text})).toMatchObject({message: expected, hint: expected})
  expect(redactedFields({text, words: ['a', text], n: 1n, none: undefined})).toEqual({
    text: expected,
    words: ['a', expected],
    n: 1n,
    none: undefined,
  })
})

test.each([
  [`- {type: x, dsn: "root:a b, c@tcp(h)/", tyme: 1}`, `- {type: x, dsn: *********************, tyme: 1}`],
  [`    dsn: host=/run password=it's, user=x # z`, `    dsn: ***********************************`],
  [`  'url': 'https://hc/one'`, `  'url': ****************`],
  [`  url: https://hc/one`, `  url: **************`],
  [`  curl: [dsn]`, `  curl: [dsn]`],
])('%s', (line, expected) => {
  expect(withSecretsHidden(line)).toBe(expected)
})
