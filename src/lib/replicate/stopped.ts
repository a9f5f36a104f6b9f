import type {RunContext} from '../core/context.ts'
import {Stopped} from '../core/errors.ts'

/** Why the run was told to stop, if it was: whatever fails from then on does so because of it. */
export function stoppedBy({signal}: RunContext): Stopped | undefined {
  return signal.reason instanceof Stopped ? signal.reason : undefined
}

/** What `work` comes to, or `otherwise` when the run was stopped meanwhile: what it has done before is still to be told. */
export async function unlessStopped<T>(work: Promise<T>, otherwise: T): Promise<T> {
  try {
    return await work
  } catch (error) {
    if (!(error instanceof Stopped)) throw error
    return otherwise
  }
}
