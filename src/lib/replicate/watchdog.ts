import {type Clock, type RunContext, withSignal} from '../core/context.ts'
import {OperationalError} from '../core/errors.ts'
import {type Board, createBoard} from '../progress/board.ts'
import {bytesMoved, type MovedBytes, movedBetween} from '../progress/run-state.ts'
import {stallOf} from '../progress/stall.ts'

/** Lets what comes on run, for days if need be, and stops what is stuck. */
export type Watchdog = {
  readonly board: Board
  /** Runs `work`; when it is stuck, it is stopped by its signal with the reason, a `stalled` error. */
  guard<T>(ctx: RunContext, work: (ctx: RunContext) => Promise<T>): Promise<T>
  /** Looks once: counts what has moved, and stops what is stuck. To be called every few seconds. */
  look(): void
}

export type WatchdogOptions = {
  /** How long a stream may be without a byte, milliseconds; `undefined`: for ever. */
  readonly idleMs: number | undefined
  /** What has moved since this run began; `undefined` where nobody can count it, and so nothing can be judged. */
  readonly movedBytes: () => MovedBytes | undefined
}

export function createWatchdog(
  clock: Pick<Clock, 'monotonic'>,
  {idleMs, movedBytes}: WatchdogOptions,
): Watchdog {
  const board = createBoard(clock)
  const guarded = new Set<AbortController>()

  function look(): void {
    const moved = movedBytes()
    if (moved === undefined) return
    const isStreaming = board.state().streams.size > 0
    board.change(isStreaming ? bytesMoved(moved) : movedBetween(moved))
    if (!isStreaming || idleMs === undefined) return
    const stall = stallOf(board.state(), idleMs, clock.monotonic())
    if (stall === undefined) return
    for (const controller of guarded) controller.abort(stalled(stall))
  }

  async function guard<T>(ctx: RunContext, work: (ctx: RunContext) => Promise<T>): Promise<T> {
    const controller = new AbortController()
    guarded.add(controller)
    try {
      return await work(withSignal(ctx, controller.signal))
    } finally {
      guarded.delete(controller)
    }
  }

  return {board, guard, look}
}

function stalled(because: string): OperationalError {
  return new OperationalError('stalled', because, {
    hint: 'the next run continues where this one was; watchdog.idle of the job says how long is too long',
    retryable: true,
  })
}
