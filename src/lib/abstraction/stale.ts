import type {Abstraction, AbstractionType} from './abstraction.ts'

/** Step holds are judged by the cursors, so neither can be judged where the other was not listed. */
const JUDGED_TOGETHER: readonly AbstractionType[] = ['step-hold', 'replication-cursor-bookmark-v2']

/**
 * Those of `abstractions` that a newer one has replaced, by zrepl's rules for each filesystem and job:
 *
 * - step hold: not newer than the newest cursor; without a cursor, older than the newest step hold, which may be all
 *   that an interrupted initial replication has;
 * - cursor and last-received hold: not the newest of its type;
 * - everything else is never stale: it says nothing about what came after it.
 *
 * `abstractions` must be all that a filesystem and job have of the types in question; see `canJudgeStale`.
 */
export function staleAbstractions(abstractions: readonly Abstraction[]): readonly Abstraction[] {
  const newest = newestOf(abstractions)
  return abstractions.filter((abstraction) => {
    const {type, version} = abstraction
    const newer = (than: AbstractionType) => newest.get(keyOf(abstraction, than))
    switch (type) {
      case 'step-hold': {
        const cursor = newer('replication-cursor-bookmark-v2')
        return cursor === undefined ? version.createtxg < (newer(type) ?? 0n) : version.createtxg <= cursor
      }
      case 'replication-cursor-bookmark-v2':
      case 'last-received-hold':
        return version.createtxg < (newer(type) ?? 0n)
      default:
        return false
    }
  })
}

/** False when `types` has one of step holds and cursors without the other. */
export function canJudgeStale(types: ReadonlySet<AbstractionType>): boolean {
  return new Set(JUDGED_TOGETHER.map((type) => types.has(type))).size === 1
}

/** The newest createtxg of each filesystem, job and type. */
function newestOf(abstractions: readonly Abstraction[]): ReadonlyMap<string, bigint> {
  const newest = new Map<string, bigint>()
  for (const abstraction of abstractions) {
    const key = keyOf(abstraction, abstraction.type)
    const {createtxg} = abstraction.version
    if (createtxg > (newest.get(key) ?? 0n)) newest.set(key, createtxg)
  }
  return newest
}

/** No part of it can contain a line break. */
function keyOf({version, jobId}: Abstraction, type: AbstractionType): string {
  return [version.filesystem, jobId, type].join('\n')
}
