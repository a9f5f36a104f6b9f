/** Words that are only said if something has gone wrong. */
export type HeldBack = {
  write(text: string): void
  /** Says what was held back, and from then on everything at once. */
  release(): void
}

/** The newest that is kept, in characters: a run may take days. */
const MOST_HELD = 1024 * 1024

export function holdBack(write: (text: string) => void): HeldBack {
  let held: string[] | undefined = []
  let size = 0
  return {
    write(text) {
      if (held === undefined) return write(text)
      held.push(text)
      size += text.length
      while (size > MOST_HELD) size -= held.shift()?.length ?? 0
    },
    release() {
      for (const text of held ?? []) write(text)
      held = undefined
    },
  }
}
