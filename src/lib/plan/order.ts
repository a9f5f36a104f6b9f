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
  const ages = new Map(plans.map((plan) => [plan.filesystem, ageOf(plan)]))
  const ranked = plans.map((plan) => ({plan, rank: rankOf(plan.filesystem, ages)}))
  return ranked
    .toSorted((a, b) => compare(a.rank, b.rank) || compare(a.plan.filesystem, b.plan.filesystem))
    .map(({plan}) => plan)
}

/** When the oldest unsent snapshot was taken. */
function ageOf(plan: FilesystemPlan): number {
  return plan.kind === 'steps' ? plan.steps[0].to.creation : Number.NEGATIVE_INFINITY
}

/** A filesystem is never younger than those it lies in. */
function rankOf(filesystem: DatasetName, ages: ReadonlyMap<DatasetName, number>): number {
  return Math.max(
    ...[...parentsOf(filesystem), filesystem].map((path) => ages.get(path) ?? Number.NEGATIVE_INFINITY),
  )
}

/** A parent's name is a prefix of its child's, so that it sorts before it. */
function compare<T extends number | string>(a: T, b: T): number {
  return a < b ? -1 : a > b ? 1 : 0
}
