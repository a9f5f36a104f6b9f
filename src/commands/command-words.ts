/**
 * Spells a command as the framework needs it: `migrate replication-cursor:v1-v2` and `holds:list` one word for each part
 * of the id. The framework drops as many words as the id has parts, so that a colon inside a word would swallow what
 * follows the command: a --dry-run, for example.
 */
export function splitCommandWords(words: readonly string[], ids: readonly string[]): readonly string[] {
  for (let count = words.length; count > 0; count -= 1) {
    const id = words.slice(0, count).join(':')
    if (ids.includes(id)) return [...id.split(':'), ...words.slice(count)]
  }
  return words
}

/** `help COMMAND` as people type it, in the words of the framework: `COMMAND --help`. */
export function withoutHelpWord(words: readonly string[]): readonly string[] {
  const [first, ...rest] = words
  return first === 'help' ? [...rest, '--help'] : words
}
