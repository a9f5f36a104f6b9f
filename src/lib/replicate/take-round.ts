import type {RunContext} from '../core/context.ts'
import {withSpan} from '../core/context.ts'
import {OperationalError, Stopped} from '../core/errors.ts'
import type {LocalSender} from '../endpoint/sender.ts'
import type {SnapshotRound} from '../plan/snapshot-round.ts'
import {reportedError} from '../report/describe-error.ts'
import type {PoolRound, SnapshottedFilesystem} from '../report/report.ts'
import type {SnapshotOutcome} from '../zfs/client.ts'
import {type DatasetName, poolOf} from '../zfs/name.ts'

/** What taking a round of snapshots came to. */
export type TakenRound = {
  readonly filesystems: readonly SnapshottedFilesystem[]
  readonly pools: readonly PoolRound[]
  /** Filesystems without a snapshot because somebody else has taken the name on their pool since we looked. */
  readonly collided: readonly DatasetName[]
}

/** Takes the snapshots of a round. A pool that fails does not stop the others. */
export async function takeRound(
  ctx: RunContext,
  sender: LocalSender,
  {name, filesystems}: SnapshotRound,
): Promise<TakenRound> {
  if (name === undefined) return {filesystems: [], pools: [], collided: []}
  try {
    const outcomes = await withSpan(ctx, 'take-snapshots', {name}, (ctx) =>
      sender.takeSnapshots(ctx, filesystems, name),
    )
    const answers = filesystems.map((filesystem, index) => ({filesystem, outcome: outcomes[index]}))
    return {
      filesystems: answers.map((answer) => reported(ctx, name, answer)),
      pools: poolsOf(answers),
      collided: collidedOf(answers),
    }
  } catch (error) {
    if (!(error instanceof OperationalError || error instanceof Stopped)) throw error
    const failure = reportedError(error)
    if (error instanceof Stopped) failure.message += ', before it was known whether it was taken'
    return {
      filesystems: filesystems.map((filesystem) => ({filesystem, state: 'failed', error: failure})),
      pools: [],
      collided: [],
    }
  }
}

type Answer = {readonly filesystem: DatasetName; readonly outcome: SnapshotOutcome | undefined}

function reported(ctx: RunContext, snapshot: string, {filesystem, outcome}: Answer): SnapshottedFilesystem {
  if (outcome?.kind === 'done') {
    ctx.log.of('snapshot').info('snapshot taken', {filesystem, snapshot})
    return {filesystem, state: 'taken', snapshot}
  }
  const message = outcome?.failure.message ?? 'no answer'
  return {filesystem, state: 'failed', error: {code: 'snapshot-failed', message}}
}

function poolsOf(answers: readonly Answer[]): readonly PoolRound[] {
  return Array.from(Map.groupBy(answers, ({filesystem}) => poolOf(filesystem))).flatMap(([pool, group]) => {
    const taken = group.flatMap(({outcome}) => (outcome?.kind === 'done' ? [outcome.transaction ?? 0] : []))
    const transactions = new Set(taken).size
    return taken.length === 0
      ? []
      : [{pool, snapshots: taken.length, transactions, consistent: transactions === 1}]
  })
}

/** A transaction that one name spoils takes none. */
function collidedOf(answers: readonly Answer[]): readonly DatasetName[] {
  const failed = answers.flatMap(({filesystem, outcome}) =>
    outcome?.kind === 'failed' ? [{filesystem, kind: outcome.failure.kind}] : [],
  )
  const pools = new Set(
    failed.filter(({kind}) => kind === 'exists').map(({filesystem}) => poolOf(filesystem)),
  )
  return failed.filter(({filesystem}) => pools.has(poolOf(filesystem))).map(({filesystem}) => filesystem)
}
