import {changeDeadlineMs, LISTING_DEADLINE_MS} from '../zfs/deadlines.ts'
import {objectsOf} from './objects-of.ts'
import type {Request} from './request.ts'

/**
 * So many commands that only look may take as long as each may: 6 hours. To observe takes two of them, twice where datasets
 * come and go, four before that where listings are remembered, and one for every 512 snapshots that are held; what is
 * changed is looked for before and after. One that reached its deadline would have ended the request.
 */
const LOOKS = 36
/** So often may a request have to do with one object: snapshots are destroyed by a program, by name, by halves and alone. */
const CHANGES = 4

/**
 * How long the other side may take for the answer to a request, however many signs of life it gives, milliseconds. Its
 * commands have deadlines of their own; this is more than they can honestly add up to. Streams have none.
 */
export function ceilingMs(request: Request): number {
  if (request.verb === 'alive' || request.verb === 'settle') return LISTING_DEADLINE_MS
  return LOOKS * LISTING_DEADLINE_MS + changeDeadlineMs(CHANGES * objectsOf(request))
}
