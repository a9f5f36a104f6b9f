import type {ZfsFailure, ZfsFailureKind} from './read-stderr.ts'

/**
 * Whether ZFS has said no to what it was given, a stream, a token or a base, and will do so again. Everything else may be over
 * the next time: a symptom, a machine in trouble, a key, and what nobody has understood.
 */
export function isRefusal({kind}: ZfsFailure): boolean {
  return REFUSALS.has(kind)
}

const REFUSALS: ReadonlySet<ZfsFailureKind> = new Set(['stream', 'not-the-base', 'does-not-exist', 'exists'])
