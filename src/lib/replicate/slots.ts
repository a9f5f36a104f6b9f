/** At most `size` pieces of work at once, begun in the order of asking. */
export function createSlots(size: number) {
  let free = size
  const waiting: (() => void)[] = []
  return {
    async take<T>(work: () => T | Promise<T>): Promise<T> {
      if (free > 0) free -= 1
      else await new Promise<void>((resolve) => waiting.push(resolve))
      try {
        return await work()
      } finally {
        const next = waiting.shift()
        if (next === undefined) free += 1
        else next()
      }
    },
  }
}
