/**
 * The words of `known` that `word` may be a typing mistake of, or one end of; the nearest first, never more than three.
 * Letter case does not count.
 */
export function nearest(word: string, known: readonly string[]): readonly string[] {
  return known
    .map((candidate) => ({candidate, distance: likeness(word.toLowerCase(), candidate.toLowerCase())}))
    .filter(({candidate, distance}) => distance <= Math.max(1, Math.min(3, Math.floor(candidate.length / 3))))
    .toSorted((a, b) => a.distance - b.distance)
    .slice(0, 3)
    .map(({candidate}) => candidate)
}

/** The distance; words of which one begins or ends with the other are as near as anything can be that is told. */
function likeness(a: string, b: string): number {
  const [short, long] = a.length < b.length ? [a, b] : [b, a]
  const isEnd = short.length >= 3 && (long.startsWith(short) || long.endsWith(short))
  return Math.min(distance(a, b), isEnd ? 1 : Number.POSITIVE_INFINITY)
}

/**
 * Damerau and Levenshtein's distance (optimal string alignment): how many insertions, deletions, substitutions and
 * swaps of neighbours turn `a` into `b`. Texts of very different length are not compared.
 */
function distance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > 3) return Number.POSITIVE_INFINITY
  const rows: number[][] = [Array.from({length: b.length + 1}, (_, index) => index)]
  const at = (row: number, column: number) => rows[row]?.[column] ?? Number.POSITIVE_INFINITY
  for (let i = 1; i <= a.length; i++) {
    rows.push([i])
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1]
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      rows[i]?.push(
        Math.min(
          at(i - 1, j) + 1,
          at(i, j - 1) + 1,
          at(i - 1, j - 1) + (same ? 0 : 1),
          swapped ? at(i - 2, j - 2) + 1 : Number.POSITIVE_INFINITY,
        ),
      )
    }
  }
  return at(a.length, b.length)
}
