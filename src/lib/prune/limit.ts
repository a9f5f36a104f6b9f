import {quoted} from '../core/printable.ts'
import type {FilesystemJudgement} from './judge-side.ts'
import {FEW, type PruneLimit} from './policy.ts'

/**
 * Why one run is not to destroy all this on one side without being told to; `undefined` when it may. Rules that were
 * mistyped, and clocks that were wrong when snapshots were taken, look like this.
 */
export function exceedsLimit(
  judgements: readonly FilesystemJudgement[],
  {count, percent}: PruneLimit,
): string | undefined {
  const judged = judgements.flatMap((judgement) => (judgement.kind === 'judged' ? [judgement] : []))
  const all = judged.reduce((sum, {verdicts}) => sum + verdicts.length, 0)
  const doomed = judged.reduce((sum, judgement) => sum + doomedOf(judgement), 0)
  const most = judged.toSorted((a, b) => doomedOf(b) - doomedOf(a))[0]
  const facts = `${doomed} of ${all} snapshots would be destroyed, most of them of ${quoted(most?.filesystem ?? '')}`
  if (count !== undefined && doomed > count) return `${facts}: more than ${count}`
  if (doomed > FEW && doomed * 100 > all * percent) return `${facts}: more than ${percent} %`
  return undefined
}

function doomedOf({verdicts}: Extract<FilesystemJudgement, {kind: 'judged'}>): number {
  return verdicts.filter(({kind}) => kind === 'destroy').length
}
