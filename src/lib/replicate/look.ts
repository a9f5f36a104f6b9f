import {type RunContext, withTask} from '../core/context.ts'
import {OperationalError} from '../core/errors.ts'
import type {Sender} from '../endpoint/sender.ts'
import type {EndpointView} from '../endpoint/view.ts'
import type {DatasetName} from '../zfs/name.ts'

/** One side as last seen, or why it could not be seen. */
export type Seen =
  /** `clockAheadMs`: how far that side's clock is ahead of ours. */
  {readonly view: EndpointView; readonly clockAheadMs: number} | {readonly error: OperationalError}

/** A side that is observed when it is first needed, and again after something was changed there. */
export type Look = {
  readonly see: () => Promise<Seen>
  /**
   * The same once more, with these filesystems listed: what is to be destroyed is judged on nothing that is only remembered.
   * A sender tells also which of them do not exist.
   */
  readonly confirm: (filesystems: readonly DatasetName[]) => Promise<Seen>
  /** What was seen is out of date. */
  readonly forget: () => void
  /** For a dry run: go on as if what is seen were different in this way, now and from then on. */
  readonly pretend: (change: (view: EndpointView) => EndpointView) => void
}

/** Looks at one endpoint. A failure to observe is remembered like an observation: a phase reports it, the run goes on. */
export function createLook(ctx: RunContext, side: string, endpoint: Pick<Sender, 'observe'>): Look {
  let seen: Promise<Seen> | undefined
  let pretended = (view: EndpointView) => view

  async function observe(confirm?: readonly DatasetName[]): Promise<Seen> {
    try {
      const view = await withTask(ctx, `observe-${side}`, {}, (ctx) => endpoint.observe(ctx, confirm))
      return {view: pretended(view), clockAheadMs: view.clockMs - ctx.clock.now()}
    } catch (error) {
      if (!(error instanceof OperationalError)) throw error
      ctx.log.of('repl').info('cannot observe', {side, error: error.message})
      return {error}
    }
  }

  return {
    see: () => (seen ??= observe()),
    confirm: (filesystems) => {
      seen = observe(filesystems)
      return seen
    },
    forget: () => {
      seen = undefined
    },
    pretend: (change) => {
      pretended = change
      seen = seen?.then((before) => ('error' in before ? before : {...before, view: change(before.view)}))
    },
  }
}
