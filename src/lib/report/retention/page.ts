import {count, text} from '../../core/html.ts'
import {formatBytes} from '../../core/units.ts'
import type {PrunedFilesystem, PrunedSnapshot, PruneReport, RunReport} from '../report.ts'
import {COLOURS, lanesOf, rulesOf, signOf} from './lanes.ts'
import {picture} from './picture.ts'
import {STYLE} from './style.ts'
import {type TimeScale, timeScale} from './time-scale.ts'

/**
 * One page about what pruning would make of every snapshot, from the reports of dry runs. It needs nothing but itself,
 * runs no script, and has a table behind every picture. Names from outside are escaped (threat T20).
 */
export function renderRetentionPage(reports: readonly RunReport[]): string {
  const names = reports.map(({job}) => job).join(', ')
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${text(`Retention of ${names}`)}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
${reports.map(jobPart).join('\n')}
<footer>Made by zrepl plan. Time runs from left to right, by the logarithm of age: each step to the left is several times as far back.</footer>
</main>
</body>
</html>
`
}

function jobPart(report: RunReport): string {
  const sides = [
    {title: report.type === 'snap' ? 'Snapshots' : 'Sender', prune: report.pruneSender},
    {title: 'Receiver', prune: report.pruneReceiver},
  ].flatMap(({title, prune}) => (prune === undefined ? [] : [{title, prune}]))
  const snapshots = sides.flatMap(({prune}) => prune.filesystems.flatMap(({snapshots}) => snapshots))
  const nowMs = Date.parse(report.startedAt)
  const scale = timeScale(Math.min(nowMs, ...snapshots.map(dateOf)), nowMs)
  return `<h1>What stays, and what goes: ${text(report.job)}</h1>
<p class="soft">As of ${text(report.startedAt.slice(0, 16).replace('T', ' '))} UTC. Nothing has been changed.</p>
${alarm(report.error)}${numbers(sides.map(({prune}) => prune))}
${sides.map(({title, prune}) => sidePart(title, prune, scale)).join('\n')}`
}

function dateOf({creation}: PrunedSnapshot): number {
  return creation === undefined ? Number.POSITIVE_INFINITY : Date.parse(creation)
}

function numbers(sides: readonly PruneReport[]): string {
  const filesystems = sides.flatMap(({filesystems}) => filesystems)
  const freed = filesystems.flatMap(({freedBytes}) => (freedBytes === undefined ? [] : [BigInt(freedBytes)]))
  const bytes = freed.reduce((sum, size) => sum + size, 0n)
  const cards = [
    `<div><b>${count(inState(filesystems, 'kept'))}</b>stay</div>`,
    `<div class="go"><b>${count(inState(filesystems, 'doomed'))}</b>go</div>`,
    ...(freed.length === 0 ? [] : [`<div><b>${text(formatBytes(bytes))}</b>would be free</div>`]),
  ]
  return `<div class="numbers">${cards.join('')}</div>`
}

function inState(filesystems: readonly PrunedFilesystem[], state: PrunedSnapshot['state']): number {
  return filesystems.reduce(
    (sum, {snapshots}) => sum + snapshots.filter((snapshot) => snapshot.state === state).length,
    0,
  )
}

function alarm(error: RunReport['error']): string {
  if (error === undefined) return ''
  return `<p class="alarm"><strong>${text(error.message)}</strong>${error.hint === undefined ? '' : `<br>${text(error.hint)}`}</p>\n`
}

function sidePart(title: string, prune: PruneReport, scale: TimeScale): string {
  const rules = rulesOf(prune)
  return `<section>
<h2>${text(title)}</h2>
${alarm(prune.error)}${prune.filesystems.some(({state}) => state !== 'skipped') ? legend(rules) : ''}
${prune.filesystems.map((filesystem) => filesystemPart(filesystem, rules, scale)).join('\n')}
</section>`
}

function legend(rules: readonly string[]): string {
  const items = [
    ...rules.map(
      (rule, index) =>
        `<li><svg class="rule c${index % COLOURS}" viewBox="0 0 14 16" aria-hidden="true"><rect x="5" y="1" width="4" height="14" rx="1.5"/></svg><b>${signOf(index)}</b> stays by ${text(rule)}</li>`,
    ),
    '<li><svg class="protected" viewBox="0 0 14 16" aria-hidden="true"><path d="M7 2l5 6l-5 6l-5 -6z"/></svg>protected, whatever the rules say</li>',
    '<li><svg class="goes" viewBox="0 0 14 16" aria-hidden="true"><path d="M3.5 4.5l7 7m0 -7l-7 7"/></svg>goes</li>',
  ]
  return `<ul class="legend">${items.join('')}</ul>`
}

function filesystemPart(filesystem: PrunedFilesystem, rules: readonly string[], scale: TimeScale): string {
  const {filesystem: name, state, because = '', snapshots, freedBytes, error} = filesystem
  if (state === 'skipped') {
    return `<article><header><h3>${text(name)}</h3><span>not judged: ${text(because)}</span></header></article>`
  }
  if (snapshots.length === 0) {
    return `<article><header><h3>${text(name)}</h3><span>${text(error?.message ?? 'no snapshots')}</span></header></article>`
  }
  const go = inState([filesystem], 'doomed')
  const facts = [
    `${count(inState([filesystem], 'kept'))} stay`,
    ...(go === 0 ? [] : [`<span class="go">${count(go)} go</span>`]),
    ...(freedBytes === undefined ? [] : [`frees ${text(formatBytes(BigInt(freedBytes)))}`]),
  ]
  return `<article>
<header><h3>${text(name)}</h3><span>${facts.join(' · ')}</span></header>
<div class="scroll">${picture(name, lanesOf(filesystem, rules), scale)}</div>
<details><summary>All ${count(snapshots.length)} snapshots</summary><div class="scroll"><table>
<tr><th scope="col">Snapshot</th><th scope="col">Taken (UTC)</th><th scope="col"></th><th scope="col">Why</th></tr>
${snapshots.toReversed().map(row).join('\n')}
</table></div></details>
</article>`
}

function row({name, state, creation = '', reasons = []}: PrunedSnapshot): string {
  const why = reasons.map((reason) =>
    text(reason.until === undefined ? reason.text : `${reason.text}, ${reason.until}`),
  )
  const isKept = state === 'kept'
  return `<tr${isKept ? '' : ' class="go"'}><td>${text(name)}</td><td>${text(creation.slice(0, 16).replace('T', ' '))}</td><td>${isKept ? 'stays' : 'goes'}</td><td>${why.join('<br>')}</td></tr>`
}
