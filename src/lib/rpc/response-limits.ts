import {type BodyLimits, MAX_BODY_BYTES} from './frame.ts'
import {objectsOf} from './objects-of.ts'
import type {Request} from './request.ts'

/** An error, and the warnings of a hundred streams. */
const BASE_BYTES = 1024 * 1024
/** An outcome with the longest words of ZFS that the schema allows. Nearly all take 20. */
const OBJECT_BYTES = 10 * 1024
/** Of the largest request that is ever made a few thousand outcomes may be so long. */
const MOST_BYTES = 24 * 1024 * 1024

/** What the answer to a request may be: only a listing may be as long as a frame can be. */
export function responseLimits(request: Request): BodyLimits {
  if (request.verb === 'observe') return {bytes: MAX_BODY_BYTES.response, objects: 0}
  const objects = objectsOf(request)
  return {bytes: Math.min(BASE_BYTES + objects * OBJECT_BYTES, MOST_BYTES), objects}
}
