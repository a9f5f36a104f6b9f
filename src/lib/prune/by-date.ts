import type {Snapshot} from '../zfs/version.ts'

/** How far two honest clocks may be apart. Less of it keeps more. */
export const CLOCK_SLACK_MS = 5 * 60_000

/** When it was taken, in milliseconds since 1970, by the clock of the host that took it. */
export function dateMs({creation}: Snapshot): number {
  return creation * 1000
}

/** Oldest first; order within one second is by createtxg. */
export function byDate(a: Snapshot, b: Snapshot): number {
  if (a.creation !== b.creation) return a.creation - b.creation
  return a.createtxg < b.createtxg ? -1 : a.createtxg > b.createtxg ? 1 : 0
}
