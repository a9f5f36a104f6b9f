import type {RunContext} from '../core/context.ts'
import {printable, quoted} from '../core/printable.ts'
import {ARGUMENT_LIMITS, chunkByBytes} from '../zfs/chunk-by-bytes.ts'
import type {JudgedSnapshot, Outcome, ZfsClient} from '../zfs/client.ts'
import {programGuid, REPLACED} from '../zfs/destroy-program.ts'
import {datasetOf, poolOf, type SnapshotName} from '../zfs/name.ts'
import {ERRNO} from '../zfs/read-errno.ts'
import {isSnapshot, nameOfSnapshot} from '../zfs/version.ts'
import {DONE, failed} from './command.ts'

/**
 * Runs `DESTROY_PROGRAM` for some snapshots of one pool, no name twice: a number for each. Otherwise why it cannot be run
 * here, or its answer cannot be understood; then nothing is known of what was done.
 */
export type RunDestroyProgram = (
  ctx: RunContext,
  pool: string,
  snapshots: readonly JudgedSnapshot[],
) => Promise<ReadonlyMap<string, number> | {readonly impossible: string}>

/** Destroys snapshots by their names, whatever their guids are by now. */
export type DestroyByName = (
  ctx: RunContext,
  snapshots: readonly JudgedSnapshot[],
) => Promise<readonly Outcome[]>

/**
 * Destroys snapshots as long as they are the ones that were judged, the filesystems of a pool together. A channel program
 * looks and destroys in one transaction. It is for root only; where it once could not be run it is not tried again, and the
 * guids are compared with a fresh listing right before everything is destroyed by name. So it is with those the program
 * finds in use: it does not unmount what is mounted under `.zfs/snapshot`, which destroying by name does.
 */
export function createDestroyJudged(
  runProgram: RunDestroyProgram,
  listVersions: ZfsClient['listVersions'],
  destroyByName: DestroyByName,
): ZfsClient['destroySnapshots'] {
  let impossible = false

  async function byProgram(
    ctx: RunContext,
    judged: readonly JudgedSnapshot[],
    settled: Settled,
  ): Promise<void> {
    const once = Array.from(new Map(judged.map((snapshot) => [snapshot.name, snapshot])).values())
    for (const [pool, group] of Map.groupBy(once, ({name}) => poolOf(name))) {
      for (const chunk of chunkByBytes(group, ARGUMENT_LIMITS, bytesOf)) {
        if (impossible) return
        const answer = await runProgram(ctx, pool, chunk)
        if ('impossible' in answer) {
          ctx.log.of('zfs.cmd').info('guids are checked right before destroying, not by a channel program', {
            because: answer.impossible,
          })
          impossible = true
          return
        }
        for (const snapshot of chunk) {
          const outcome = outcomeOf(snapshot, answer.get(snapshot.name))
          if (outcome !== undefined) settled.set(keyOf(snapshot), outcome)
        }
      }
    }
  }

  async function byListing(
    ctx: RunContext,
    judged: readonly JudgedSnapshot[],
    settled: Settled,
  ): Promise<void> {
    const datasets = Array.from(new Set(judged.map(({name}) => datasetOf(name))))
    const versions = Array.from((await listVersions(ctx, datasets)).values()).flat()
    const now = new Map(versions.filter(isSnapshot).map((one) => [nameOfSnapshot(one), one]))
    const doomed: JudgedSnapshot[] = []
    for (const snapshot of judged) {
      const found = now.get(snapshot.name)
      if (found === undefined) settled.set(keyOf(snapshot), DONE)
      else if (found.guid !== snapshot.guid) settled.set(keyOf(snapshot), replaced(snapshot.name))
      else if (found.clones !== undefined) settled.set(keyOf(snapshot), cloned(found.clones))
      else doomed.push(snapshot)
    }
    const outcomes = doomed.length === 0 ? [] : await destroyByName(ctx, doomed)
    for (const [index, snapshot] of doomed.entries()) {
      const outcome = outcomes[index]
      if (outcome !== undefined) settled.set(keyOf(snapshot), outcome)
    }
  }

  return async (ctx, snapshots) => {
    const settled: Settled = new Map()
    const judged = Array.from(new Map(snapshots.map((snapshot) => [keyOf(snapshot), snapshot])).values())
    await byProgram(ctx, judged, settled)
    const rest = judged.filter((snapshot) => !settled.has(keyOf(snapshot)))
    if (rest.length > 0) await byListing(ctx, rest, settled)
    return snapshots.map((snapshot) => settled.get(keyOf(snapshot)) ?? NO_ANSWER)
  }
}

/** By name and guid: somebody may ask for two that had one name after the other. */
type Settled = Map<string, Outcome>

function keyOf({name, guid}: JudgedSnapshot): string {
  return `${name} ${guid}`
}

function bytesOf({name, guid}: JudgedSnapshot): number {
  return name.length + 1 + programGuid(guid).length
}

/** What the program's number says; `undefined` where that is not enough. */
function outcomeOf({name}: JudgedSnapshot, number: number | undefined): Outcome | undefined {
  switch (number) {
    case 0:
    case ERRNO.missing:
      return DONE
    case REPLACED:
      return replaced(name)
    case ERRNO.exists:
      return cloned(undefined)
    default:
      return undefined
  }
}

function replaced(name: SnapshotName): Outcome {
  return failed({kind: 'unknown', message: `${quoted(name)} is no longer the snapshot that was judged`})
}

function cloned(clones: string | undefined): Outcome {
  const message = clones === undefined ? 'snapshot has dependent clones' : `has a clone: ${printable(clones)}`
  return failed({kind: 'cloned', message})
}

const NO_ANSWER: Outcome = failed({kind: 'unknown', message: 'no answer'})
