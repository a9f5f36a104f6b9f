import {describeSkip, describeVerdict} from '../prune/describe-reason.ts'
import type {Verdict} from '../prune/judge.ts'
import type {FilesystemJudgement} from '../prune/judge-side.ts'
import type {PrunedFilesystem, PrunedSnapshot} from '../report/report.ts'
import type {Outcome} from '../zfs/client.ts'
import type {DestroyOutcomes} from './destroy-doomed.ts'

/** What pruning did of a filesystem, or would do. `outcomes` has what was tried. */
export function prunedFilesystem(
  judgement: FilesystemJudgement,
  outcomes: DestroyOutcomes | 'planned',
): PrunedFilesystem {
  const {filesystem} = judgement
  if (judgement.kind === 'skip')
    return {filesystem, state: 'skipped', because: describeSkip(judgement.because), snapshots: []}
  if (outcomes === 'planned')
    return {filesystem, state: 'planned', snapshots: judgement.verdicts.map(plannedSnapshot)}
  const byName = outcomes.get(filesystem)
  const snapshots = judgement.verdicts.map((verdict) =>
    prunedSnapshot(verdict, byName?.get(verdict.snapshot.name)),
  )
  return {
    filesystem,
    state: snapshots.some(({state}) => state === 'failed') ? 'failed' : 'done',
    snapshots,
  }
}

function plannedSnapshot(verdict: Verdict): PrunedSnapshot {
  const state = verdict.kind === 'keep' ? 'kept' : 'doomed'
  return {name: verdict.snapshot.name, state, because: describeVerdict(verdict)}
}

function prunedSnapshot(verdict: Verdict, outcome: Outcome | undefined): PrunedSnapshot {
  const {name} = verdict.snapshot
  const because = describeVerdict(verdict)
  if (verdict.kind === 'keep') return {name, state: 'kept', because}
  if (outcome?.kind === 'done') return {name, state: 'destroyed', because}
  const message = outcome?.failure.message ?? 'no answer'
  if (outcome?.failure.kind === 'refused') return {name, state: 'refused', because: message}
  // Somebody held or cloned it since it was listed: it stays, and that is no failure.
  if (outcome !== undefined && STAYS.has(outcome.failure.kind))
    return {name, state: 'kept', because: `kept: ${message}`}
  return {name, state: 'failed', because, error: message}
}

const STAYS: ReadonlySet<string> = new Set(['held', 'busy', 'cloned'])
