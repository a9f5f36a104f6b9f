import type {RunContext} from '../core/context.ts'
import {type ErrorCode, OperationalError} from '../core/errors.ts'
import type {Receiver} from '../endpoint/receiver.ts'
import type {Step} from '../plan/step.ts'

/** How often a partial receive is continued in one run before it is given up. */
const MAX_ATTEMPTS = 2

/**
 * Runs a step that continues a partial receive.
 *
 * A token can fit the plan and be of no use all the same: ZFS refuses it, the same way each time, for ever (zrepl#431,
 * openzfs#8801). So when ZFS refuses twice and the receiver's token has not moved, the partial receive is given up once and
 * the step is sent from its beginning, in the same run. It may be most of a large stream, so nothing else is a reason: not a
 * connection that is lost, a program that is killed, a machine in trouble, nor a complaint that nobody has understood.
 * Returns the step's warnings; throws why the last attempt failed.
 */
export async function runResumedStep(
  ctx: RunContext,
  receiver: Pick<Receiver, 'observe' | 'abortPartial'>,
  step: Step,
  run: (step: Step) => Promise<readonly string[]>,
): Promise<readonly string[]> {
  let reason = ''
  for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt += 1) {
    try {
      return await run(step)
    } catch (error) {
      if (!(await isStuck(ctx, receiver, step, error))) throw keptFor(error)
      reason = error instanceof Error ? error.message : String(error)
      ctx.log.of('repl').warn('partial receive does not continue', {attempt, error: reason})
    }
  }
  const [aborted] = await receiver.abortPartial(ctx, [step.filesystem])
  if (aborted?.kind !== 'done') {
    const why = aborted?.failure.message ?? 'no answer'
    throw new OperationalError(
      'resume',
      `the partial receive can be neither continued (${reason}) nor given up: ${why}`,
      {hint: 'give it up on the receiver by hand (zfs receive -A); nothing there was destroyed'},
    )
  }
  const warnings = await run({...step, resumeToken: undefined})
  return [`a partial receive could not be continued and was given up: ${reason}`, ...warnings]
}

/** The codes of failures that may lie in the token; `retryable` ones lie elsewhere. */
const SUSPICIOUS: ReadonlySet<ErrorCode> = new Set(['send-failed', 'receive-failed', 'receive-not-confirmed'])

/** Says what to do should it come in every run. */
function keptFor(error: unknown): unknown {
  if (!(error instanceof OperationalError) || error.hint !== undefined || !SUSPICIOUS.has(error.code))
    return error
  return new OperationalError(error.code, error.message, {
    hint: 'what has arrived is kept; if this comes in every run, give it up on the receiver by hand (zfs receive -A), and all of it is sent again',
    retryable: error.retryable,
    cause: error,
  })
}

async function isStuck(
  ctx: RunContext,
  receiver: Pick<Receiver, 'observe'>,
  {filesystem, resumeToken}: Step,
  error: unknown,
): Promise<boolean> {
  if (!(error instanceof OperationalError) || error.retryable || !SUSPICIOUS.has(error.code)) return false
  try {
    const {filesystems} = await receiver.observe(ctx)
    return filesystems.find((view) => view.filesystem === filesystem)?.resumeToken === resumeToken
  } catch (unseen) {
    if (!(unseen instanceof OperationalError)) throw unseen
    return false
  }
}
