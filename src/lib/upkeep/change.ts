import type {Outcome} from '../zfs/client.ts'

/**
 * One thing that a command of upkeep does. `what` says it as an order: `destroy tank/a#b`. `skipped` needed nothing,
 * `conflict` needs a person, and neither changed anything.
 */
export type Change = {
  readonly what: string
  readonly state: 'planned' | 'done' | 'skipped' | 'conflict' | 'failed'
  readonly because?: string | undefined
}

/** What became of an order that was carried out. */
export function changeOf(what: string, outcome: Outcome | undefined): Change {
  if (outcome?.kind === 'done') return {what, state: 'done'}
  return {what, state: 'failed', because: outcome?.failure.message ?? 'no answer'}
}
