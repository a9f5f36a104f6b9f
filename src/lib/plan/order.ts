import type {NonEmpty} from '../core/assert.ts'
import {type DatasetName, parentOf} from '../zfs/name.ts'
import type {FilesystemPlan} from './filesystem-plan.ts'

/** The datasets `dataset` lies in, from its pool down. */
export function parentsOf(dataset: DatasetName): readonly DatasetName[] {
  const parent = parentOf(dataset)
  return parent === undefined ? [] : [...parentsOf(parent), parent]
}

/**
 * The order in which filesystems are begun: first the one whose oldest unsent snapshot is the oldest by the sender's
 * clock, so that what lags most catches up first and a whole round arrives before the next one begins; at equal age by
 * name. A filesystem never comes before one it lies in, and those with nothing to send come first, as they cost nothing.
 */
export function orderPlans<Plan extends FilesystemPlan>(plans: readonly Plan[]): readonly Plan[] {
  const ageOf = new Map(plans.map((plan) => [plan.filesystem, oldestTo(plan)]))
  const rankOf = new Map(plans.map(({filesystem}) => [filesystem, rank(filesystem)]))
  return plans.toSorted((a, b) => compare(rankOf.get(a.filesystem) ?? 0, rankOf.get(b.filesystem) ?? 0) || compare(a.filesystem, b.filesystem))

  function rank(filesystem: DatasetName): number {
    return Math.max(...[...parentsOf(filesystem), filesystem].map((path) => ageOf.get(path) ?? NOTHING_TO_SEND))
  }
}

const NOTHING_TO_SEND = Number.NEGATIVE_INFINITY

function oldestTo(plan: FilesystemPlan): number {
  if (plan.kind !== 'steps') return NOTHING_TO_SEND
  const steps: NonEmpty<{readonly to: {readonly creation: number}}> = plan.steps
  return steps[0].to.creation
}

/** A parent's name is a prefix of its child's, so that it sorts before it. */
function compare<T extends number | string>(a: T, b: T): number {
  return a < b ? -1 : a > b ? 1 : 0
}
