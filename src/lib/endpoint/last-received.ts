import {lastReceivedHoldTag} from '../abstraction/last-received-hold.ts'
import type {RunContext} from '../core/context.ts'
import {OperationalError} from '../core/errors.ts'
import {quoted} from '../core/printable.ts'
import type {Hold, Outcome} from '../zfs/client.ts'
import {type DatasetName, type Guid, snapshotName} from '../zfs/name.ts'
import {byCreatetxg, isSnapshot, nameOfSnapshot, type Snapshot, type Version} from '../zfs/version.ts'
import {outcomesOf, prepareEach, valuesOf} from './batch.ts'
import {clearPlaceholder} from './placeholder.ts'
import {refusePlaintextCopy} from './plaintext.ts'
import {firstFailure, type Wanted} from './pool.ts'
import type {HoldLastReceivedRequest} from './receiver.ts'
import type {ReceivingSide} from './receiving-side.ts'

/** A new last-received hold, and what became of the older ones: one that stays is untidy, and dropped by a later run. */
export type MovedHold = {readonly held: Outcome; readonly dropped: Outcome}

export const CANNOT_DROP = 'cannot release an older last-received hold'

/** Moves the last-received holds: the new one is there before the old one goes. */
export async function moveHolds(
  ctx: RunContext,
  side: ReceivingSide,
  requests: readonly HoldLastReceivedRequest[],
): Promise<readonly MovedHold[]> {
  const {pool, mapping} = side
  await seekReceived(
    ctx,
    side,
    requests.flatMap(({filesystem, to}) => {
      const dataset = mappable(side, filesystem)
      return dataset === undefined ? [] : [{filesystem: dataset, guid: to}]
    }),
  )
  const prepared = await prepareEach(requests, async ({filesystem, to}) => {
    const dataset = mapping.toReceiver(filesystem)
    const snapshot = await findReceived(ctx, side, dataset, to)
    if (snapshot === undefined)
      throw new OperationalError('version-gone', `no snapshot with guid ${to} on ${quoted(dataset)}`)
    await refusePlaintextCopy(ctx, side, dataset)
    await clearPlaceholder(ctx, side, dataset)
    return await holdsToMove(ctx, side, dataset, snapshot)
  })
  const make = valuesOf(prepared).flatMap(({make}) => make)
  const made = outcomesOf(make, await pool.hold(ctx, make))
  const drop = valuesOf(prepared)
    .filter(({make}) => firstFailure(make.map(made)).kind === 'done')
    .flatMap(({drop}) => drop)
  const dropped = outcomesOf(drop, await pool.release(ctx, drop))
  return prepared.map((one) => {
    if ('failed' in one) return {held: one.failed, dropped: DONE}
    const held = firstFailure(one.value.make.map(made))
    return {held, dropped: held.kind === 'failed' ? DONE : firstFailure(one.value.drop.map(dropped))}
  })
}

const DONE: Outcome = {kind: 'done'}

/** Where it lies here; `undefined` for what may not be named, of which the request fails by itself. */
function mappable({mapping}: ReceivingSide, filesystem: DatasetName): DatasetName | undefined {
  try {
    return mapping.toReceiver(filesystem)
  } catch (error) {
    if (error instanceof OperationalError) return undefined
    throw error
  }
}

/** The snapshot on the pool that has this guid, looking once more if it is not known. */
export async function findReceived(
  ctx: RunContext,
  {pool}: Pick<ReceivingSide, 'pool'>,
  dataset: DatasetName,
  guid: Guid,
): Promise<Snapshot | undefined> {
  const is = (version: Version): version is Snapshot => isSnapshot(version) && version.guid === guid
  return await pool.find(ctx, dataset, is)
}

/** Looks for snapshots that are about to be held, and for those of their filesystems that are then let go. */
export async function seekReceived(
  ctx: RunContext,
  {pool, jobId}: Pick<ReceivingSide, 'pool' | 'jobId'>,
  wanted: readonly Wanted[],
): Promise<void> {
  const tag = lastReceivedHoldTag(jobId)
  const holds = await pool.holds(
    ctx,
    wanted.map(({filesystem}) => filesystem),
  )
  const older = wanted.flatMap(({filesystem}) =>
    pool
      .versions(filesystem)
      .filter(isSnapshot)
      .filter(({name}) => holds.get(filesystem)?.get(name)?.includes(tag))
      .map(({guid}) => ({filesystem, guid})),
  )
  await pool.seek(ctx, [...wanted, ...older])
}

async function holdsToMove(
  ctx: RunContext,
  {pool, jobId}: ReceivingSide,
  dataset: DatasetName,
  to: Snapshot,
): Promise<{make: readonly Hold[]; drop: readonly Hold[]}> {
  const tag = lastReceivedHoldTag(jobId)
  const byName = (await pool.holds(ctx, [dataset])).get(dataset) ?? new Map()
  const ours = Array.from(byName).flatMap(([name, tags]) => (tags.includes(tag) ? [name] : []))
  return {
    make: ours.includes(to.name) ? [] : [{snapshot: nameOfSnapshot(to), tag}],
    drop: ours
      .filter((name) => name !== to.name)
      .map((name) => ({snapshot: snapshotName(dataset, name), tag})),
  }
}

/**
 * Runs that were killed between making a hold and dropping the one before leave more and more of them. Only the newest
 * counts. Asks for holds only where more than one snapshot has any.
 */
export async function dropOlderHolds(
  ctx: RunContext,
  {pool, jobId}: ReceivingSide,
  dataset: DatasetName,
): Promise<void> {
  const tag = lastReceivedHoldTag(jobId)
  const listHeld = () =>
    pool
      .versions(dataset)
      .filter(isSnapshot)
      .filter(({userrefs}) => userrefs > 0)
  if (listHeld().length < 2) return
  await pool.confirm(ctx, [dataset])
  const held = listHeld()
  const byName = (await pool.holds(ctx, [dataset])).get(dataset)
  const ours = held.filter(({name}) => byName?.get(name)?.includes(tag)).toSorted(byCreatetxg)
  const older = ours.slice(0, -1).map((snapshot) => ({snapshot: nameOfSnapshot(snapshot), tag}))
  for (const outcome of await pool.release(ctx, older)) {
    if (outcome.kind === 'failed')
      ctx.log
        .of('endpoint')
        .warn('cannot release what an earlier run left', {dataset, error: outcome.failure.message})
  }
}
