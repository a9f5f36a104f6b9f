import type {RunContext} from '../core/context.ts'
import {holdCommand, releaseCommand} from '../zfs/argv.ts'
import {ARGUMENT_LIMITS, chunkByBytes} from '../zfs/chunk-by-bytes.ts'
import type {Hold, Outcome} from '../zfs/client.ts'
import {datasetOf, type HoldTag, type SnapshotName} from '../zfs/name.ts'
import {objectFailures, type ZfsFailure} from '../zfs/read-stderr.ts'
import {askAgain, change, DONE, failed, failureOf, succeeded} from './command.ts'
import {listHolds} from './list.ts'
import type {ProgramResult, RunProgram} from './run-program.ts'

/** Sets holds: one command for all snapshots with the same tag. After a failure only what `zfs holds` shows counts. */
export async function hold(
  ctx: RunContext,
  run: RunProgram,
  holds: readonly Hold[],
): Promise<readonly Outcome[]> {
  return await forEachTag(holds, async (tag, snapshots) => {
    const result = await change(ctx, run, holdCommand(tag, snapshots), {count: snapshots.length})
    if (succeeded(result)) return () => DONE
    const now = await askAgain(ctx, () => listHolds(ctx, run, snapshots))
    const reasonOf = reasons(result)
    return (snapshot) => (now?.get(snapshot)?.includes(tag) ? DONE : failed(reasonOf(snapshot)))
  })
}

/** Removes holds likewise. A snapshot that has vanished is not held any more. */
export async function release(
  ctx: RunContext,
  run: RunProgram,
  holds: readonly Hold[],
): Promise<readonly Outcome[]> {
  return await forEachTag(holds, async (tag, snapshots) => {
    const result = await change(ctx, run, releaseCommand(tag, snapshots), {count: snapshots.length})
    if (succeeded(result)) return () => DONE
    const now = await askAgain(ctx, () => listHolds(ctx, run, snapshots))
    const reasonOf = reasons(result)
    return (snapshot) =>
      now !== undefined && !now.get(snapshot)?.includes(tag) ? DONE : failed(reasonOf(snapshot))
  })
}

type OutcomeOf = (snapshot: SnapshotName) => Outcome

async function forEachTag(
  holds: readonly Hold[],
  work: (tag: HoldTag, snapshots: readonly SnapshotName[]) => Promise<OutcomeOf>,
): Promise<readonly Outcome[]> {
  const outcomes = new Map<Hold, Outcome>()
  for (const [tag, group] of Map.groupBy(holds, ({tag}) => tag)) {
    for (const chunk of chunkByBytes(group, ARGUMENT_LIMITS, ({snapshot}) => snapshot.length)) {
      const outcomeOf = await work(tag, Array.from(new Set(chunk.map(({snapshot}) => snapshot))))
      for (const hold of chunk) outcomes.set(hold, outcomeOf(hold.snapshot))
    }
  }
  return holds.map((hold) => outcomes.get(hold) ?? DONE)
}

/** What ZFS said about each snapshot, or all it said where that cannot be told apart. */
function reasons(result: ProgramResult): (snapshot: SnapshotName) => ZfsFailure {
  const said = new Map(objectFailures(result.stderr)?.map(({object, failure}) => [object, failure]))
  return (snapshot) => said.get(snapshot) ?? said.get(datasetOf(snapshot)) ?? failureOf(result)
}
