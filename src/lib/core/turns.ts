import type {RunContext} from './context.ts'

/** One piece of work after the other, in the order of asking. */
export type Turns = {
  take<T>(ctx: RunContext, work: () => Promise<T>): Promise<T>
  /** Resolves when all is done that has been asked for so far. */
  done(): Promise<void>
}

/** Turns at `what`. Whoever has to wait does so in a span of his own. */
export function createTurns(what: string): Turns {
  let last = Promise.resolve()
  let asked = 0
  return {
    async take({span}, work) {
      const before = last
      const {promise, resolve} = Promise.withResolvers<void>()
      last = promise
      asked += 1
      const wait = asked > 1 ? span.task(`wait-for-${what}`) : undefined
      try {
        await before
        wait?.end()
        return await work()
      } finally {
        asked -= 1
        resolve()
      }
    },
    done: () => last,
  }
}
