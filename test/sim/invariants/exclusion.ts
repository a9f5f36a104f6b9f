import {describeEntry, type Entry} from '../process/entry.ts'
import type {World} from '../world.ts'
import type {Check} from './check.ts'
import {targetsOf} from './targets.ts'

/**
 * I10: what two runs of one job change does not interleave. On either host a run changes no dataset any more that a later
 * one has changed. Where the job is at home, that is true of everything it changes, and nothing is changed while a command of
 * another run works, although its process may be gone. (On the other host the server of a run that was killed may be in the
 * middle of one.)
 */
export function exclusion(world: World): Check {
  const home = world.options.direction === 'push' ? world.sender : world.receiver
  /** By what must not be shared: the run that changes it now, and those that have. */
  const turns = new Map<string, {run: string; readonly over: Set<string>}>()
  const underWay = new Set<Entry>()

  function scopesOf({process, argv}: Entry): readonly string[] {
    return process.host === home ? ['the job'] : targetsOf(argv).datasets
  }

  return {
    invariant: 'I10',
    before(entry) {
      const {run} = entry.process
      for (const other of underWay) if (other.isOver) underWay.delete(other)
      const atHome = entry.process.host === home
      const beside = atHome ? Array.from(underWay).filter((other) => other.process.run !== run) : []
      if (atHome) underWay.add(entry)
      return [
        ...beside.map((other) => `another run is just at ${describeEntry(other)}`),
        ...scopesOf(entry).flatMap((scope) => {
          const turn = turns.get(scope) ?? {run, over: new Set()}
          turns.set(scope, turn)
          if (turn.run === run) return []
          turn.over.add(turn.run)
          turn.run = run
          return turn.over.has(run) ? [`${run} changes ${scope} again, after another run has`] : []
        }),
      ]
    },
  }
}
