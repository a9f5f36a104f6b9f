import type {RunContext} from '../core/context.ts'
import {OperationalError} from '../core/errors.ts'
import {quoted} from '../core/printable.ts'
import {formatBytes} from '../core/units.ts'
import type {LocalSender} from '../endpoint/sender.ts'
import type {EndpointView} from '../endpoint/view.ts'
import {dueFilesystems, type WantedSnapshots} from '../plan/due.ts'
import type {FilesystemView} from '../plan/observation.ts'
import type {SnapshotPolicy} from '../plan/policy.ts'
import {planRound, type SnapshotRound} from '../plan/snapshot-round.ts'
import {reportedError} from '../report/describe-error.ts'
import type {PoolRound, SnapshotReport, SnapshottedFilesystem} from '../report/report.ts'
import type {DatasetName} from '../zfs/name.ts'
import type {Look} from './look.ts'
import {missingDataset} from './missing.ts'
import {predictSnapshots} from './predict.ts'
import {type TakenRound, takeRound} from './take-round.ts'

export type SnapshotPhaseOutcome = {readonly report: SnapshotReport; readonly warnings: readonly string[]}

type SnapshotWork = {readonly sender: LocalSender; readonly policy: SnapshotPolicy}

/** How often a round is planned again when somebody else was faster with its name. */
const MAX_ATTEMPTS = 3

/** Takes the snapshots that are due, or in a dry run only tells which. One name for all, one instant per pool. */
export async function snapshotPhase(
  ctx: RunContext,
  work: SnapshotWork,
  look: Look,
  request: {readonly dryRun: boolean; readonly wanted: WantedSnapshots},
): Promise<SnapshotPhaseOutcome> {
  const seen = await look.see()
  if ('error' in seen) return {report: {filesystems: [], error: reportedError(seen.error)}, warnings: []}

  const {filesystems: views, missing} = seen.view
  const round = await plan(ctx, work, views, request.wanted)
  const {filesystems, pools} = request.dryRun
    ? pretendRound(ctx, look, seen.view, round)
    : await takeAll(ctx, work, look, round, request.wanted)
  const gone = missing.map((filesystem) => ({
    filesystem,
    state: 'failed' as const,
    error: missingDataset(filesystem),
  }))
  return {
    report: {
      ...(round.name === undefined ? {} : {name: round.name}),
      filesystems: [...filesystems, ...gone].toSorted((a, b) => (a.filesystem < b.filesystem ? -1 : 1)),
      ...(pools.length === 0 ? {} : {pools: [...pools]}),
    },
    warnings: [...round.warnings, ...pools.flatMap(tornApart)],
  }
}

async function plan(
  ctx: RunContext,
  work: SnapshotWork,
  views: readonly FilesystemView[],
  wanted: WantedSnapshots,
): Promise<SnapshotRound> {
  const nowMs = ctx.clock.now()
  const written = await writtenOf(ctx, work, views, nowMs, wanted)
  return planRound(work.policy, views, nowMs, {wanted, written})
}

type Told = Pick<TakenRound, 'filesystems' | 'pools'>

/** Later phases of a dry run go on as if the snapshots had been taken. */
function pretendRound(ctx: RunContext, look: Look, view: EndpointView, round: SnapshotRound): Told {
  if (round.name === undefined) return {filesystems: notTaken(round), pools: []}
  const {name: snapshot, filesystems} = round
  look.pretend(predictSnapshots(view, filesystems, snapshot, ctx.clock.now()))
  const planned = filesystems.map((filesystem) => ({filesystem, state: 'planned' as const, snapshot}))
  return {filesystems: [...planned, ...notTaken(round)], pools: []}
}

/**
 * Takes the round, and where another program has taken its name since we looked, looks again and plans anew: those
 * that are still due get another name.
 */
async function takeAll(
  ctx: RunContext,
  work: SnapshotWork,
  look: Look,
  round: SnapshotRound,
  wanted: WantedSnapshots,
): Promise<Told> {
  let [current, told] = [round, {filesystems: [], pools: []} as Told]
  for (let attempt = 1; ; attempt++) {
    const taken = await takeRound(ctx, work.sender, current)
    if (round.filesystems.length > 0) look.forget()
    const isLast = taken.collided.length === 0 || typeof wanted === 'object' || attempt === MAX_ATTEMPTS
    const settled = isLast ? taken.filesystems : without(taken.filesystems, taken.collided)
    told = {
      filesystems: [...told.filesystems, ...settled, ...notTaken(current)],
      pools: mergePools([...told.pools, ...taken.pools]),
    }
    if (isLast) return told
    const seen = await look.see()
    if ('error' in seen) {
      return {...told, filesystems: [...told.filesystems, ...only(taken.filesystems, taken.collided)]}
    }
    const again = new Set(taken.collided)
    current = await plan(
      ctx,
      work,
      seen.view.filesystems.filter(({filesystem}) => again.has(filesystem)),
      wanted,
    )
  }
}

function only(all: readonly SnapshottedFilesystem[], names: readonly string[]) {
  return all.filter(({filesystem}) => names.includes(filesystem))
}

function without(all: readonly SnapshottedFilesystem[], names: readonly string[]) {
  return all.filter(({filesystem}) => !names.includes(filesystem))
}

function mergePools(rounds: readonly PoolRound[]): readonly PoolRound[] {
  return Array.from(
    Map.groupBy(rounds, ({pool}) => pool),
    ([pool, parts]) => {
      const total = (of: (part: PoolRound) => number) => parts.reduce((sum, part) => sum + of(part), 0)
      const transactions = total((part) => part.transactions)
      return {pool, snapshots: total((part) => part.snapshots), transactions, consistent: transactions === 1}
    },
  )
}

/** The filesystems of a round that get no snapshot, and why. */
function notTaken({refused, unwritten, notDue}: SnapshotRound): readonly SnapshottedFilesystem[] {
  return [
    ...refused.map(({filesystem, because}) => failed(filesystem, because)),
    ...unwritten.map(({filesystem, written}) => nothingWritten(filesystem, written)),
    ...notDue.map(({filesystem, nextDueMs}) => notYetDue(filesystem, nextDueMs)),
  ]
}

function tornApart({pool, snapshots, transactions, consistent}: PoolRound): readonly string[] {
  if (consistent) return []
  return [
    `the ${snapshots} snapshots of pool ${quoted(pool)} were taken in ${transactions} transactions: those of one are of one instant, those of different ones are not`,
  ]
}

/** Only where it matters: it costs a command. */
async function writtenOf(
  ctx: RunContext,
  {sender, policy}: SnapshotWork,
  views: readonly FilesystemView[],
  nowMs: number,
  wanted: WantedSnapshots,
): Promise<ReadonlyMap<DatasetName, bigint> | undefined> {
  if (wanted !== 'due' || policy.type === 'manual' || policy.minWritten === undefined) return undefined
  const {due} = dueFilesystems(policy, views, nowMs, wanted)
  if (due.length === 0) return undefined
  try {
    return await sender.written(
      ctx,
      due.map(({filesystem}) => filesystem),
    )
  } catch (error) {
    if (!(error instanceof OperationalError)) throw error
    // A snapshot too many is harmless.
    ctx.log.warn('cannot tell how much was written: all that are due get a snapshot', {error: error.message})
    return undefined
  }
}

function failed(filesystem: string, message: string): SnapshottedFilesystem {
  return {filesystem, state: 'failed', error: {code: 'snapshot-failed', message}}
}

function nothingWritten(filesystem: string, written: bigint): SnapshottedFilesystem {
  const because = `${formatBytes(written)} written since the newest snapshot`
  return {filesystem, state: 'unwritten', because}
}

function notYetDue(filesystem: string, nextDueMs: number): SnapshottedFilesystem {
  return {filesystem, state: 'not-due', dueAt: new Date(nextDueMs).toISOString()}
}
