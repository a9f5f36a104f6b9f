/** A listing of a large pool on slow disks takes minutes; longer means that the pool hangs. */
export const LISTING_DEADLINE_MS = 10 * 60_000

const CHANGE_DEADLINE_MS = 2 * 60_000
/** Some commands wait for one transaction group for each object, and a busy pool takes seconds for each. */
const OBJECT_DEADLINE_MS = 5000

/** How long a change of `count` objects may take, milliseconds. */
export function changeDeadlineMs(count: number): number {
  return CHANGE_DEADLINE_MS + count * OBJECT_DEADLINE_MS
}
