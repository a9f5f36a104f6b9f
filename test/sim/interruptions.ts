import {deedsOf} from './deeds.ts'
import type {Fault} from './fault.ts'
import {type Baseline, describeFailure, type Interruption, type Scenario} from './scenario.ts'

/**
 * A stream breaks off, the first of a filesystem or one in the middle, when the receiver has a part of it on disk; and when
 * the run is over somebody does something: each time another thing.
 */
export function interruptionsOf(baseline: Baseline): readonly Interruption[] {
  return deedsOf(baseline).flatMap((deed) =>
    INTERRUPTED.map((at): Interruption => ({faults: [{kind: 'die', at, bytes: 1100}], deed})),
  )
}

/** Of `tank/data/a b`, about which the deeds are, are the fourth to the sixth of nine streams. */
const INTERRUPTED: readonly Fault['at'][] = ['send:3', 'send:4']

export function describeInterruption(
  place: Omit<Scenario, 'faults'>,
  {faults, deed}: Interruption,
  problems: readonly string[],
): string {
  return `${describeFailure({...place, faults}, problems)}\n  and behind it ${deed?.host}: ${deed?.argv.join(' ')}`
}
