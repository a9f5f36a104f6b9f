import type {RunContext} from '../core/context.ts'
import {type ChunkLimits, chunkByBytes} from '../zfs/chunk-by-bytes.ts'
import type {Outcome} from '../zfs/client.ts'
import {changeDeadlineMs} from '../zfs/deadlines.ts'
import {poolOf} from '../zfs/name.ts'
import type {CallLibrary, LibraryObject, LibraryOperation} from './call-library.ts'
import {DONE} from './command.ts'

/** One call is one transaction of one pool, and travels as one nvlist. */
const LIMITS: ChunkLimits = {maxBytes: 512 * 1024, maxItems: 1000}
/** What must be one transaction is not cut. */
const NO_LIMITS: ChunkLimits = {maxBytes: Number.POSITIVE_INFINITY, maxItems: Number.POSITIVE_INFINITY}

/** A kind of call, and what it means when the kernel names an object with an errno. */
export type LibraryBatch<T> = {
  readonly operation: LibraryOperation
  readonly objectOf: (item: T) => LibraryObject
  /** `undefined` where the number alone does not decide. */
  readonly settle: (errno: number) => Outcome | undefined
  /** True when some without the others are not wanted: then nothing is tried again. */
  readonly allOrNone?: boolean
}

/**
 * Makes as few calls as possible: one for each pool, and again without the objects the kernel named, for it then did
 * nothing for the others. What is not settled by numbers, and all that got no answer, has no entry: somebody else
 * must find out.
 */
export async function callForAll<T>(
  ctx: RunContext,
  call: CallLibrary,
  items: readonly T[],
  batch: LibraryBatch<T>,
): Promise<ReadonlyMap<T, Outcome>> {
  const outcomes = new Map<T, Outcome>()
  const limits = batch.allOrNone ? NO_LIMITS : LIMITS
  for (const [pool, group] of Map.groupBy(items, (item) => poolOf(batch.objectOf(item)[0]))) {
    for (const round of withoutRepetitions(group, batch)) {
      for (const chunk of chunkByBytes(round, limits, (item) => batch.objectOf(item).join().length))
        await callForChunk(ctx, call, {pool, items: chunk}, batch, outcomes)
    }
  }
  return outcomes
}

async function callForChunk<T>(
  ctx: RunContext,
  call: CallLibrary,
  {pool, items}: {readonly pool: string; readonly items: readonly T[]},
  batch: LibraryBatch<T>,
  outcomes: Map<T, Outcome>,
): Promise<void> {
  const {operation, objectOf, settle} = batch
  let rest = items
  while (rest.length > 0) {
    const objects = rest.map(objectOf)
    const answer = await call(ctx, {operation, pool, objects, deadlineMs: changeDeadlineMs(objects.length)})
    if (answer === undefined) return
    const errnoOf = (item: T) => answer.errors[objectOf(item)[0]]
    for (const item of rest) {
      const errno = errnoOf(item)
      const outcome = errno === undefined ? undefined : settle(errno)
      if (outcome !== undefined) outcomes.set(item, outcome)
      if (errno === undefined && answer.errno === 0) outcomes.set(item, DONE)
    }
    const unnamed = rest.filter((item) => errnoOf(item) === undefined)
    if (answer.errno === 0 || batch.allOrNone || unnamed.length === rest.length) return
    rest = unnamed
  }
}

/** An nvlist has each name once: two tags on one snapshot need two calls. */
function withoutRepetitions<T>(items: readonly T[], {objectOf}: LibraryBatch<T>): readonly (readonly T[])[] {
  const rounds: T[][] = []
  const seen = new Map<string, number>()
  for (const item of items) {
    const [name] = objectOf(item)
    const round = seen.get(name) ?? 0
    seen.set(name, round + 1)
    const items = rounds[round] ?? []
    items.push(item)
    rounds[round] = items
  }
  return rounds
}
