import fc from 'fast-check'

/** How often each property is tried; more by FUZZ_RUNS. A failure prints the seed, which FUZZ_SEED takes. */
export const RUNS: fc.Parameters<unknown> = {
  numRuns: Number(process.env['FUZZ_RUNS'] ?? 300),
  seed: Number(process.env['FUZZ_SEED'] ?? 1),
}

/** Characters that mean something to somebody, and some that never should. */
const ODD = Array.from('@#%,/<>|*?:-_. \t\n\r\0\x1b"\'\\{}[]()&!=+0179aZäа\u202e\ud800😀\xff')

/** Anything at all: text of all of Unicode, of bytes, of odd characters. */
export const junk: fc.Arbitrary<string> = fc.oneof(
  fc.string({unit: 'binary', maxLength: 60}),
  fc.string({unit: fc.constantFrom(...ODD), maxLength: 60}),
  fc.string({maxLength: 60}),
)

/** One of `samples` after a few changes: what nearly is right finds more than what is not. */
export function nearly(samples: readonly [string, ...string[]]): fc.Arbitrary<string> {
  const change = fc.record({at: fc.nat(400), length: fc.nat(6), put: fc.oneof(junk, fc.constantFrom(...ODD))})
  const changed = fc
    .tuple(fc.constantFrom(...samples), fc.array(change, {maxLength: 3}))
    .map(([sample, changes]) =>
      changes.reduce((text, {at, length, put}) => {
        const start = at % (text.length + 1)
        return text.slice(0, start) + put + text.slice(start + length)
      }, sample),
    )
  return fc.oneof({weight: 3, arbitrary: changed}, {weight: 1, arbitrary: junk})
}

/** Pieces repeated until the text has `size` characters: what takes more than linear time does not come back. */
export function longTexts(samples: readonly string[], size = 100_000): readonly string[] {
  const pieces = [...samples, ...ODD, ' x', '((', '/a', '- ', '\t\t', '"\\', '1x', 'a\n', '%s']
  return pieces
    .filter((piece) => piece !== '')
    .map((piece, index) => {
      const many = piece.repeat(Math.ceil(size / piece.length))
      return index % 2 === 0 ? many : `a ${many}x`
    })
}
