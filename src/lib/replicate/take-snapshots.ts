import type {RunContext} from '../core/context.ts'
import type {LocalSender} from '../endpoint/sender.ts'
import type {WantedSnapshots} from '../plan/due.ts'
import type {FilesystemView} from '../plan/observation.ts'
import type {SnapshotPolicy} from '../plan/policy.ts'
import {planRound, type SnapshotRound} from '../plan/snapshot-round.ts'
import type {PoolRound, SnapshottedFilesystem} from '../report/report.ts'
import type {Look} from './look.ts'
import {notTaken} from './not-taken.ts'
import {readWritten} from './read-written.ts'
import {type TakenRound, takeRound} from './take-round.ts'

export type SnapshotWork = {readonly sender: LocalSender; readonly policy: SnapshotPolicy}

/** How often a round is planned again when somebody else was faster with its name. */
const MAX_ATTEMPTS = 3

/** Plans a round of snapshots, to be named after `nowMs`, from what was seen. */
export async function planSnapshots(
  ctx: RunContext,
  work: SnapshotWork,
  views: readonly FilesystemView[],
  {nowMs, wanted}: RoundRequest,
): Promise<SnapshotRound> {
  const written = await readWritten(ctx, work, views, nowMs, wanted)
  return planRound(work.policy, views, nowMs, {wanted, written})
}

export type RoundRequest = {readonly nowMs: number; readonly wanted: WantedSnapshots}

export type TakenSnapshots = Pick<TakenRound, 'filesystems' | 'pools'>

/**
 * Takes a round, and where another program has taken its name since we looked, looks again and plans anew: those that
 * are still due get another name.
 */
export async function takeSnapshots(
  ctx: RunContext,
  work: SnapshotWork,
  look: Look,
  round: SnapshotRound,
  request: RoundRequest,
): Promise<TakenSnapshots> {
  let current = round
  let told: TakenSnapshots = {filesystems: [], pools: []}
  for (let attempt = 1; ; attempt++) {
    const taken = await takeRound(ctx, work.sender, current)
    if (current.filesystems.length > 0) look.forget()
    const isLast =
      taken.collided.length === 0 || typeof request.wanted === 'object' || attempt === MAX_ATTEMPTS
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
    const again = seen.view.filesystems.filter(({filesystem}) => taken.collided.includes(filesystem))
    current = await planSnapshots(ctx, work, again, request)
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
