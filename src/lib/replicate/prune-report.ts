import type {Candidate} from '../prune/candidate.ts'
import {
  describeDestroyReason,
  describeKeepReason,
  describeRule,
  describeSkip,
  describeVerdict,
} from '../prune/describe-reason.ts'
import {describeUntil} from '../prune/describe-until.ts'
import type {Verdict} from '../prune/judge.ts'
import type {FilesystemJudgement} from '../prune/judge-side.ts'
import type {DestroyReason} from '../prune/reason.ts'
import type {PrunedFilesystem, PrunedSnapshot, PruneReason} from '../report/report.ts'
import type {Outcome} from '../zfs/client.ts'
import type {DatasetName} from '../zfs/name.ts'
import type {DestroyOutcomes} from './destroy-doomed.ts'
import {missingDataset} from './missing.ts'

/** What pruning did of a filesystem. `outcomes` has what was tried. */
export function prunedFilesystem(
  judgement: FilesystemJudgement,
  outcomes: DestroyOutcomes,
): PrunedFilesystem {
  if (judgement.kind === 'skip') return skippedFilesystem(judgement)
  const {filesystem} = judgement
  const byName = outcomes.get(filesystem)
  const snapshots = judgement.verdicts.map((verdict) =>
    prunedSnapshot(verdict, byName?.get(verdict.snapshot.name)),
  )
  const failed = snapshots.some(({state}) => state === 'failed')
  return {filesystem, state: failed ? 'failed' : 'done', snapshots}
}

/** What pruning would do of a filesystem, with everything that a person may want to know. */
export function plannedFilesystem(
  judgement: FilesystemJudgement,
  freedBytes: bigint | undefined,
): PrunedFilesystem {
  if (judgement.kind === 'skip') return skippedFilesystem(judgement)
  const {filesystem, candidates, verdicts} = judgement
  return {
    filesystem,
    state: 'planned',
    ...(freedBytes === undefined ? {} : {freedBytes: freedBytes.toString()}),
    snapshots: verdicts.map((verdict) => plannedSnapshot(verdict, candidates)),
  }
}

/** A dataset the job names that is not there: nobody knows what would have been pruned of it. */
export function missingFilesystem(filesystem: DatasetName): PrunedFilesystem {
  return {filesystem, state: 'failed', snapshots: [], error: missingDataset(filesystem)}
}

function skippedFilesystem({
  filesystem,
  because,
}: Extract<FilesystemJudgement, {kind: 'skip'}>): PrunedFilesystem {
  return {filesystem, state: 'skipped', because: describeSkip(because), snapshots: []}
}

function plannedSnapshot(verdict: Verdict, candidates: readonly Candidate[]): PrunedSnapshot {
  const {name, creation} = verdict.snapshot
  return {
    name,
    state: verdict.kind === 'keep' ? 'kept' : 'doomed',
    because: describeVerdict(verdict),
    creation: new Date(creation * 1000).toISOString(),
    reasons: verdict.kind === 'keep' ? keepReasons(verdict, candidates) : verdict.because.map(destroyReason),
  }
}

function keepReasons(
  {snapshot, because}: Extract<Verdict, {kind: 'keep'}>,
  candidates: readonly Candidate[],
): PruneReason[] {
  return because.map((reason) => ({
    kind: reason.kind === 'rule' ? reason.rule.type : reason.kind,
    ...(reason.kind === 'rule' ? {rule: describeRule(reason.rule)} : {}),
    text: describeKeepReason(reason),
    until: describeUntil(reason, snapshot, candidates),
  }))
}

function destroyReason(reason: DestroyReason): PruneReason {
  return {kind: reason.rule.type, rule: describeRule(reason.rule), text: describeDestroyReason(reason)}
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
