import {targetsOf} from './invariants/targets.ts'
import {findDataset} from './pool.ts'
import type {Run} from './run.ts'
import {receiverName, type World} from './world.ts'

/**
 * What the report of a run says that is not so, or asks for something else than was done: a step that is done has been on
 * the receiver, and of a filesystem that could not be replicated nothing is destroyed there.
 */
export function untrue({end, trace}: Run, world: World): readonly string[] {
  if (end.kind !== 'done') return []
  return (end.outcome.replicate?.filesystems ?? []).flatMap(({filesystem, state, steps}) => {
    const versions = findDataset(world.sender, filesystem)?.snapshots ?? []
    const missing = steps
      .filter((step) => step.state === 'done')
      .flatMap(({to}) => versions.filter(({name, guid}) => `@${name}` === to && !world.received.has(guid)))
    const copy = receiverName(world, filesystem)
    const pruned = trace.filter(
      ({argv, process}) =>
        DESTROYING.has(argv[0]) && process.host === world.receiver && targetsOf(argv).datasets.includes(copy),
    )
    return [
      ...missing.map(({name}) => `${filesystem}@${name} is told to be done, and was never on the receiver`),
      ...(state === 'failed' || state === 'conflict'
        ? pruned.map(({argv}) => `${filesystem} is ${state}, and yet: zfs ${argv.join(' ')}`)
        : []),
    ]
  })
}

const DESTROYING: ReadonlySet<string | undefined> = new Set(['destroy', 'program'])
