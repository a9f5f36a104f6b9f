import type {RunContext} from '../core/context.ts'
import {type Series, seriesOf} from '../plan/series.ts'
import type {FilesystemReport, StepReport} from '../report/report.ts'
import type {ConnectionWatch} from './connection-watch.ts'
import type {Finishing} from './finishing.ts'
import {latestVersion} from './latest-version.ts'
import type {Pair} from './pair.ts'
import {runSeries} from './run-series.ts'
import {sentBeforeWarnings, setAsideWords} from './step-request.ts'
import {failedReport, type StepsPlan} from './steps-report.ts'
import {unlessStopped} from './stopped.ts'

/** How far a filesystem has come; with `unfinished`, if that series has arrived and is still to be finished. */
export type Ran = {
  readonly report: FilesystemReport
  readonly unfinished?: {readonly plan: StepsPlan; readonly series: Series}
}

/** One filesystem's steps, series by series; the first that fails ends it. The first series is protected already. */
export async function runFilesystem(
  ctx: RunContext,
  pair: Pair,
  plan: StepsPlan,
  {connection, finishing}: {readonly connection: ConnectionWatch; readonly finishing: Finishing},
): Promise<Ran> {
  const done: StepReport[] = []
  const warnings: string[] = [
    ...(plan.setAside === undefined ? [] : [setAsideWords(plan.setAside)]),
    ...sentBeforeWarnings(plan),
  ]
  const all = seriesOf(plan.steps, pair.maxStreams)
  let unfinished: Ran['unfinished']
  for (const [index, series] of all.entries()) {
    const finish = index === all.length - 1 ? finishOf(plan, series) : 'now'
    const ran = await runSeries(ctx, pair, series, {isProtected: index === 0, finish})
    done.push(...ran.done)
    warnings.push(...ran.warnings)
    if (ran.failure !== undefined) {
      connection.failed(ran.failure.error)
      return {report: failedReport(plan, done, ran.failure, warnings)}
    }
    connection.works()
    if (finish === 'now') continue
    await unlessStopped(finishing.add(ctx, series.at(-1) ?? series[0]), undefined)
    unfinished = {plan, series}
  }
  const report: FilesystemReport = {
    filesystem: plan.filesystem,
    state: 'done',
    ...latestVersion(plan.steps.at(-1)?.to),
    steps: done,
    warnings,
  }
  return unfinished === undefined ? {report} : {report, unfinished}
}

/**
 * A filesystem's last series can be finished together with those of others, unless somebody waits for it: what is received
 * below a filesystem waits for the one that creates it. Where nothing is guaranteed there is nothing to gather.
 */
function finishOf({steps}: StepsPlan, [{protection}]: Series): 'now' | 'later' {
  return protection !== 'guarantee_nothing' && steps[0].from !== undefined ? 'later' : 'now'
}
