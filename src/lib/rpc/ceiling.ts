import {changeDeadlineMs, LISTING_DEADLINE_MS} from '../zfs/deadlines.ts'
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

/** How many objects on the pools are named in a request, which is also how many answers there are to it at most. */
export function objectsOf(request: Request): number {
  switch (request.verb) {
    case 'observe':
      return request.confirm?.length ?? 0
    case 'alive':
    case 'settle':
      return 0
    case 'abort-partial':
      return request.filesystems.length
    case 'protect':
      return sumOf(request.requests, ({to}) => to.length + 1)
    case 'destroy':
    case 'estimate-destroy':
      return sumOf(request.requests, ({snapshots}) => snapshots.length + 1)
    default:
      return request.requests.length
  }
}

function sumOf<T>(items: readonly T[], count: (item: T) => number): number {
  return items.reduce((sum, item) => sum + count(item), 0)
}
