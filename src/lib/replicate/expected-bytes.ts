import type {RunContext} from '../core/context.ts'
import type {Step} from '../plan/step.ts'
import type {Pair} from './pair.ts'
import {sendRequest} from './step-request.ts'

/** What all steps will move by ZFS's estimates; `undefined` unless somebody looks and it is known of each. */
export async function expectedBytes(
  ctx: RunContext,
  {sender, sizes}: Pick<Pair, 'sender' | 'sizes'>,
  steps: readonly Step[],
): Promise<bigint | undefined> {
  if (!sizes || steps.length === 0) return undefined
  const estimates = await sender.estimate(ctx, steps.map(sendRequest))
  return estimates.reduce<bigint | undefined>(
    (sum, {bytes}) => (sum === undefined || bytes === undefined ? undefined : sum + bytes),
    0n,
  )
}
