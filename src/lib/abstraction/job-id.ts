import {quoted} from '../core/printable.ts'
import {NameError, parseBookmarkName, parseComponent, parseHoldTag} from '../zfs/name.ts'

declare const brand: unique symbol

/** The name of a job as it is embedded in hold tags and bookmark names: its identity on disk. */
export type JobId = string & {readonly [brand]: 'JobId'}

/**
 * Reads the name of a job. It must be one component of a dataset name, must not start with `_` (zrepl keeps such names
 * for itself), and every name zrepl builds from it must be valid and readable again: with the short dataset `pool/ds`;
 * whether it fits on a longer one is seen when the bookmark is made. Throws `NameError`.
 */
export function parseJobId(text: string): JobId {
  try {
    parseComponent(text)
    parseBookmarkName(`pool/ds#zrepl_CURSORTENTATIVE__G_00000000face601d_J_${text}`)
    parseHoldTag(`zrepl_last_received_J_${text}`)
  } catch (error) {
    if (error instanceof NameError)
      throw new NameError(`bad job name ${quoted(text)}: ${error.message}`, error.problem)
    throw error
  }
  if (text.startsWith('_')) throw new NameError(`bad job name ${quoted(text)}: it starts with _`)
  // Bookmark names are split at the last possible place, which must be the one in front of the job.
  if (/_G_[0-9a-f]{16}_J_./.test(`_J_${text}`)) {
    throw new NameError(`bad job name ${quoted(text)}: it looks like part of the name of a bookmark`)
  }
  return text as JobId
}

/**
 * The identity on disk of a job on behalf of one of its clients, for sources with several. Throws `NameError` where the
 * two together are too long.
 */
export function clientJobId(job: JobId, clientIdentity: string): JobId {
  return parseJobId(`${job}_C_${clientIdentity}`)
}

/** `parseJobId` for names found on a pool: `undefined` where it would throw. */
export function readJobId(text: string): JobId | undefined {
  try {
    return parseJobId(text)
  } catch (error) {
    if (error instanceof NameError) return undefined
    throw error
  }
}
