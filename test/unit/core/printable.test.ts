import {expect, test} from 'vitest'
import {printable, quoted} from '../../../src/lib/core/printable.ts'

test.each([
  ['p/a b@1', 'p/a b@1'],
  ['\u001b]0;owned\u0007', '\\x1b]0;owned\\x07'],
  ['a\nb\r\tc', 'a\\x0ab\\x0d\\x09c'],
  ['\u202eevil', '\\u{202e}evil'],
  ['ä', '\\xe4'],
  ['😀', '\\u{1f600}'],
  ['\u007f', '\\x7f'],
  ['a'.repeat(5000), `${'a'.repeat(2048)}…`],
])('%j is shown as %j', (text, shown) => {
  expect(printable(text)).toBe(shown)
})

test('quoted puts it in the quotes ZFS uses', () => {
  expect(quoted('p/a\n')).toBe("'p/a\\x0a'")
})
