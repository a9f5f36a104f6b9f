import type {NonEmpty} from '../core/assert.ts'
import type {Step} from './step.ts'

/** Steps of one filesystem, each beginning where the one before ends, whose streams follow each other in one request. */
export type Series = NonEmpty<Step>

/**
 * Cuts the steps of a filesystem into series of at most `maxStreams`, in order.
 *
 * Only increments travel together. What a full stream makes is looked at before anything is added to it, and filesystems
 * below wait for it. A partial receive that is continued may turn out to be of no use, and is then begun afresh.
 */
export function seriesOf(steps: NonEmpty<Step>, maxStreams: number): readonly Series[] {
  const all: [Step, ...Step[]][] = []
  for (const step of steps) {
    const open = all.at(-1)
    const joins = open !== undefined && open.length < maxStreams && ![open[0], step].some(travelsAlone)
    if (joins) open.push(step)
    else all.push([step])
  }
  return all
}

function travelsAlone({from, resumeToken}: Step): boolean {
  return from === undefined || resumeToken !== undefined
}
