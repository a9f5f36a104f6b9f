/** A command line taken apart the way getopt does. */
export type Options = {
  readonly flags: ReadonlySet<string>
  /** All values of an option, in order. */
  values(option: string): readonly string[]
  readonly operands: readonly string[]
}

/**
 * Reads options until the first word that is none. Throws on an option that is not in `flags` or `valued`: the simulator
 * does not guess what ZFS would do.
 */
export function readOptions(words: readonly string[], flags: string, valued: string): Options {
  const found = new Set<string>()
  const values: (readonly [option: string, value: string])[] = []
  let at = 0
  for (; at < words.length && words[at]?.startsWith('-'); at += 1) {
    const word = words[at] ?? ''
    for (let index = 1; index < word.length; index += 1) {
      const option = word.charAt(index)
      if (flags.includes(option)) {
        found.add(option)
        continue
      }
      if (!valued.includes(option)) throw notModelled(words, `option -${option}`)
      const value = index + 1 < word.length ? word.slice(index + 1) : words[++at]
      if (value === undefined) throw notModelled(words, `option -${option} without its value`)
      values.push([option, value])
      break
    }
  }
  return {
    flags: found,
    values: (wanted) => values.flatMap(([option, value]) => (option === wanted ? [value] : [])),
    operands: words.slice(at),
  }
}

/** Thrown for everything the model of ZFS does not cover. */
export function notModelled(words: readonly string[], what: string): Error {
  return new Error(`not modelled: ${what} in 'zfs ${words.join(' ')}'`)
}
