import {printable} from '../core/printable.ts'
import type {ExplainedJob, Explanation} from './explanation.ts'

/** The explanation as a person reads it: the snapshot, what is attached to it, then what each job makes of it. */
export function renderExplanation({snapshot, guid, creation, holds, clones, jobs}: Explanation): string {
  const lines = [
    printable(snapshot),
    `  taken ${creation}, guid ${guid}`,
    ...holds.map((tag) => `  held by ${printable(tag)}: nobody can destroy it until that is released`),
    ...(clones === undefined ? [] : [`  has clones, and stays as long as they do: ${printable(clones)}`]),
    ...(jobs.length === 0
      ? ['  no job of the configuration is about this dataset: zrepl leaves it alone']
      : []),
    ...jobs.flatMap(jobLines),
  ]
  return `${lines.join('\n')}\n`
}

const VERDICT = {kept: 'stays', doomed: 'is destroyed by the next run', 'not-judged': 'is not judged'}

function jobLines({job, type, side, verdict, because, reasons}: ExplainedJob): readonly string[] {
  return [
    `  job ${printable(job)} (${type}, ${side}): ${VERDICT[verdict]}${reasons.length === 0 ? `: ${printable(because)}` : ''}`,
    ...reasons.map(
      ({text, until}) => `    ${printable(text)}${until === undefined ? '' : `, ${printable(until)}`}`,
    ),
  ]
}
