/**
 * True when the whole of `text` is what `pattern` says: `*` is any number of characters, `?` is one, everything else is
 * itself. Takes time in proportion to both lengths' product, whatever the pattern.
 */
export function matchesWildcard(pattern: string, text: string): boolean {
  let reachable = new Set([0])
  for (const sign of pattern) {
    const next = new Set<number>()
    for (const at of reachable)
      if (sign === '*') for (let end = at; end <= text.length; end += 1) next.add(end)
      else if (at < text.length && (sign === '?' || sign === text[at])) next.add(at + 1)
    reachable = next
  }
  return reachable.has(text.length)
}
