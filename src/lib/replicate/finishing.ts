import {type RunContext, withFields, withSpan} from '../core/context.ts'
import {OperationalError} from '../core/errors.ts'
import type {Receiver} from '../endpoint/receiver.ts'
import type {Sender} from '../endpoint/sender.ts'
import type {Step} from '../plan/step.ts'
import type {Board} from '../progress/board.ts'
import {progressed, wentWrong} from '../progress/run-state.ts'
import type {Outcome} from '../zfs/client.ts'
import {stepFields} from './step-request.ts'

/** Most steps that wait to be finished together. */
const MAX_WAITING = 200
/** The longest that one waits while others are being sent, unless a stream takes longer, milliseconds. */
const MAX_WAITING_MS = 30_000

/** Steps whose streams have been received, and which are finished together: one request for all of them to each side. */
export type Finishing = {
  /** Finishes all that wait when they are many, or have been waiting for long. */
  add(ctx: RunContext, step: Step): Promise<void>
  /** Finishes all that wait. */
  finishAll(ctx: RunContext): Promise<void>
  /** Why a step that has been finished is not done. */
  failure(step: Step): OperationalError | undefined
  /** Whether a step was received but not finished, because the run was stopped. */
  isUnfinished(step: Step): boolean
}

/**
 * Keeps the order that is safe to be killed anywhere for each filesystem: the receiver sees the guid on its pool and holds
 * it, and only then the sender's cursor moves and the step's protection goes. Until then that protection stands, and a
 * step that a kill leaves unfinished is finished by the next run.
 */
export function createFinishing({
  sender,
  receiver,
  board,
}: {
  readonly sender: Sender
  readonly receiver: Receiver
  readonly board: Board
}): Finishing {
  const failures = new Map<Step, OperationalError>()
  /** Those that wait, and those that are at it. */
  const unfinished = new Set<Step>()
  let waiting: Step[] = []
  let since = 0

  async function finishAll(ctx: RunContext): Promise<void> {
    const steps = waiting
    waiting = []
    if (steps.length === 0) return
    await withSpan(ctx, 'finish', {steps: steps.length}, async (ctx) => {
      const confirmed = await settle(steps, 'receive-not-confirmed', NOT_CONFIRMED, (steps) =>
        receiver.holdLastReceived(
          ctx,
          steps.map(({filesystem, to}) => ({filesystem, to: to.guid})),
        ),
      )
      const done = await settle(confirmed, 'zfs-failed', NOT_MOVED, (steps) =>
        sender.complete(
          ctx,
          steps.map(({filesystem, to, protection}) => ({filesystem, to: to.guid, protection})),
        ),
      )
      for (const step of steps) unfinished.delete(step)
      if (done.length > 0) board.change(progressed)
      for (const step of done)
        withFields(ctx, {filesystem: step.filesystem}).log.of('repl').info('step done', stepFields(step))
    })
  }

  /** The steps that went well. An endpoint that cannot be asked fails all of them. */
  async function settle(
    steps: readonly Step[],
    code: OperationalError['code'],
    what: string,
    ask: (steps: readonly Step[]) => Promise<readonly Outcome[]>,
  ): Promise<readonly Step[]> {
    if (steps.length === 0) return []
    try {
      const outcomes = await ask(steps)
      return steps.filter((step, index) => {
        const outcome = outcomes[index]
        if (outcome?.kind === 'done') return true
        fail([step], new OperationalError(code, `${what}: ${outcome?.failure.message ?? 'no answer'}`))
        return false
      })
    } catch (error) {
      if (!(error instanceof OperationalError)) throw error
      fail(steps, error)
      return []
    }
  }

  function fail(steps: readonly Step[], error: OperationalError): void {
    board.change(wentWrong(error.message))
    for (const step of steps) failures.set(step, error)
  }

  return {
    async add(ctx, step) {
      const now = ctx.clock.monotonic()
      if (waiting.length === 0) since = now
      waiting.push(step)
      unfinished.add(step)
      if (waiting.length >= MAX_WAITING || now - since >= MAX_WAITING_MS) await finishAll(ctx)
    },
    finishAll,
    failure: (step) => failures.get(step),
    isUnfinished: (step) => unfinished.has(step) && !failures.has(step),
  }
}

const NOT_CONFIRMED = 'cannot confirm and hold what was received'
const NOT_MOVED = 'received, but cannot move the cursor'
