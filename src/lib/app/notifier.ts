import type {Notify} from '../config/resolve-notify.ts'
import {type RunContext, withTask} from '../core/context.ts'
import {OperationalError} from '../core/errors.ts'
import {EXIT} from '../core/exit-code.ts'
import {callHealthcheck} from '../host/call-healthcheck.ts'
import {createRunHookProgram} from '../host/run-hook-program.ts'
import {isLeftToAnother, isWorthTelling} from '../report/is-worth-telling.ts'
import {renderProblems} from '../report/render-text.ts'
import type {NotifyFailure, RunReport} from '../report/report.ts'

/** Tells the world of runs. Whatever goes wrong with it is logged as a warning and returned, and changes nothing else. */
export type Notifier = {
  /** Call it when a run begins, and let it go on: it never rejects. */
  started(ctx: RunContext, job: string): Promise<readonly NotifyFailure[]>
  /** `before` is the job's run before this one, if any is known. */
  ended(ctx: RunContext, report: RunReport, before: RunReport | undefined): Promise<readonly NotifyFailure[]>
}

/** A notifier for `global.notify`. Programs get our environment. */
export function createNotifier(
  all: readonly Notify[],
  environment: Readonly<Record<string, string>>,
): Notifier {
  const runProgram = createRunHookProgram(environment)
  const of = (job: string) => all.filter(({jobs}) => jobs === undefined || jobs.includes(job))

  async function tell(ctx: RunContext, notify: Notify, report: RunReport, before: RunReport | undefined) {
    if (notify.type === 'healthcheck') {
      // Neither a success nor a failure; the other run calls.
      if (isLeftToAnother(report)) return
      const url = report.exitStatus === EXIT.ok ? notify.url : `${notify.url}/fail`
      await callHealthcheck(url, renderProblems(report), ctx.signal)
    } else if (isWorthTelling(notify.when, report, before)) {
      await runProgram(ctx, {
        path: notify.path,
        args: notify.args,
        environment: {ZREPL_JOB: report.job, ZREPL_EXIT_STATUS: String(report.exitStatus)},
        input: `${JSON.stringify(report)}\n`,
      })
    }
  }

  return {
    async started(ctx, job) {
      const failures = await Promise.all(
        of(job).map(async (notify) =>
          notify.type === 'healthcheck'
            ? await inTime(ctx, notify, (ctx) => callHealthcheck(`${notify.url}/start`, '', ctx.signal))
            : [],
        ),
      )
      return failures.flat().map((failure) => ({...failure, of: 'start'}))
    },
    async ended(ctx, report, before) {
      const failures = await Promise.all(
        of(report.job).map((notify) => inTime(ctx, notify, (ctx) => tell(ctx, notify, report, before))),
      )
      return failures.flat().map((failure) => ({...failure, of: 'end'}))
    },
  }
}

/** With a signal of its own: that a run was stopped is worth telling too. */
async function inTime(
  ctx: RunContext,
  {type, timeoutMs}: Notify,
  call: (ctx: RunContext) => Promise<void>,
): Promise<readonly Pick<NotifyFailure, 'type' | 'error'>[]> {
  const settled = new AbortController()
  const late = new AbortController()
  ctx.clock.sleep(timeoutMs, settled.signal).then(
    () => late.abort(new OperationalError('deadline', `it did not end within ${timeoutMs / 1000} s`)),
    () => {},
  )
  try {
    await withTask(ctx, 'notify', {type}, (ctx) => call({...ctx, signal: late.signal}))
    return []
  } catch (error) {
    // Not even a bug in here may cost a backup. What it says is not known to be free of secrets.
    const why = error instanceof OperationalError ? error.message : 'a bug of zrepl'
    ctx.log.of('notify').warn('cannot notify', {type, error: why})
    return [{type, error: why}]
  } finally {
    settled.abort()
  }
}
