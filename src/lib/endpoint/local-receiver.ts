import type {JobId} from '../abstraction/job-id.ts'
import {lastReceivedHoldTag} from '../abstraction/last-received-hold.ts'
import type {RunContext} from '../core/context.ts'
import {type ErrorCode, OperationalError} from '../core/errors.ts'
import {quoted} from '../core/printable.ts'
import type {Pace} from '../core/stream.ts'
import type {ReceivePolicy, RetentionFloor} from '../plan/policy.ts'
import type {Mapping} from '../scope/mapping.ts'
import type {Hold, Outcome, ReceiveArgs, ZfsClient} from '../zfs/client.ts'
import type {Dataset} from '../zfs/dataset.ts'
import type {PlannedStream} from '../zfs/judge-stream.ts'
import {type DatasetName, type Guid, parentOf, parseDatasetName, poolOf, snapshotName} from '../zfs/name.ts'
import type {ZfsFailure, ZfsFailureKind} from '../zfs/read-stderr.ts'
import {byCreatetxg, isSnapshot, nameOfSnapshot, type Snapshot, type Version} from '../zfs/version.ts'
import {outcomesOf, prepareEach, valuesOf} from './batch.ts'
import {destroyJudged} from './destroy.ts'
import {estimateDestroys} from './estimate-destroy.ts'
import {createInspector} from './inspector.ts'
import {createKnownPool, firstFailure} from './pool.ts'
import type {HoldLastReceivedRequest, LocalReceiver, ReceiveReply, ReceiveRequest} from './receiver.ts'
import {setAside} from './set-aside.ts'

/** What a job that receives is configured to do. */
export type ReceiverSettings = {
  readonly jobId: JobId
  readonly rootFs: DatasetName
  /** `root_fs[/client_identity]/path` ↔ `path`. */
  readonly mapping: Mapping
  readonly recv: ReceivePolicy
  readonly floor: RetentionFloor
  /** For all of its streams together; `undefined`: as fast as they come. */
  readonly pace: Pace | undefined
}

/** The receiver on this host. It owns the last-received holds of its job and the placeholders below its root. */
export function createLocalReceiver(zfs: ZfsClient, settings: ReceiverSettings): LocalReceiver {
  const {jobId, rootFs, mapping, recv, floor, pace} = settings
  const pool = createKnownPool(zfs)
  const tag = lastReceivedHoldTag(jobId)
  const mayBePlain =
    recv.placeholderEncryption === 'off' || recv.properties.override.get('encryption') === 'off'

  /** root_fs is never created: with the pool away, data would land in whatever lies below its mountpoint. */
  async function requireRootFs(ctx: RunContext): Promise<void> {
    // It lies below root_fs, and mostly it is known.
    if ((await pool.dataset(ctx, mapping.base)) !== undefined) return
    if ((await pool.dataset(ctx, rootFs)) !== undefined) return
    const poolName = parseDatasetName(poolOf(rootFs))
    if ((await pool.dataset(ctx, poolName)) === undefined) {
      throw new OperationalError('dataset-missing', `pool ${quoted(poolName)} of root_fs is not imported`, {
        hint: 'import it (zpool import)',
      })
    }
    throw new OperationalError('dataset-missing', `root_fs ${quoted(rootFs)} does not exist`, {
      hint: 'create it (zfs create) or correct root_fs in the receiving job',
    })
  }

  /** The target as it is now, if it could be received over: what was seen when planning may be out of date. */
  async function targetOf(
    ctx: RunContext,
    dataset: DatasetName,
    {from}: ReceiveRequest,
  ): Promise<Dataset | undefined> {
    const known = await pool.dataset(ctx, dataset)
    if (known === undefined || (from !== undefined && !known.placeholder)) return known
    await pool.list(ctx, [dataset], false)
    return await pool.dataset(ctx, dataset)
  }

  /** Creates what is missing between root_fs and `target`, parents first. Two processes may do so at once. */
  async function createAncestors(ctx: RunContext, target: DatasetName): Promise<void> {
    const missing: DatasetName[] = []
    for (let ancestor = parentOf(target); ancestor !== rootFs; ancestor = parentOf(ancestor)) {
      if (ancestor === undefined)
        throw new OperationalError('receive-policy', `${quoted(target)} is not below root_fs`)
      if ((await pool.dataset(ctx, ancestor)) !== undefined) break
      missing.unshift(ancestor)
    }
    for (const ancestor of missing) {
      const outcome = await zfs.createPlaceholder(ctx, ancestor, encryptionOf(ancestor))
      if (outcome.kind === 'failed')
        throw new OperationalError(
          'placeholder',
          `cannot create placeholder ${quoted(ancestor)}: ${outcome.failure.message}`,
        )
    }
    if (missing.length > 0) await pool.list(ctx, missing, false)
  }

  /** The dataset of the client identity itself is ours whatever the policy says; below it the operator must decide. */
  function encryptionOf(placeholder: DatasetName): 'inherit' | 'off' {
    if (placeholder === mapping.base) return 'inherit'
    if (recv.placeholderEncryption !== 'unspecified') return recv.placeholderEncryption
    throw new OperationalError(
      'placeholder',
      `cannot create placeholder ${quoted(placeholder)}: recv.placeholder.encryption is unspecified`,
      {
        hint: 'set recv.placeholder.encryption to inherit (encrypted like its parent) or off in the receiving job',
      },
    )
  }

  /** An empty placeholder is the only thing ever received over; its property goes once something else is there. */
  async function argsOf(
    ctx: RunContext,
    {filesystem, from, to, raw, resuming}: ReceiveRequest,
    target: Dataset | undefined,
  ): Promise<ReceiveArgs> {
    // The properties in a stream may say `encryption=off`, which would win over what is inherited.
    const excludesEncryption =
      from === undefined &&
      !raw &&
      !resuming &&
      !recv.properties.override.has('encryption') &&
      (await isEncryptedRoot(ctx))
    const inherit = new Set([...recv.properties.inherit, ...(excludesEncryption ? ['encryption'] : [])])
    return {
      to: snapshotName(mapping.toReceiver(filesystem), to.name),
      replacesPlaceholder: from === undefined && target !== undefined && isEmptyPlaceholder(target),
      inherit: Array.from(inherit),
      override: recv.properties.override,
    }
  }

  /** Below an encrypted root nothing is to lie in the clear, unless the operator has said so. */
  async function isEncryptedRoot(ctx: RunContext): Promise<boolean> {
    return (await pool.dataset(ctx, rootFs))?.encrypted === true
  }

  async function mustBeEncrypted(ctx: RunContext): Promise<boolean> {
    return !mayBePlain && (await isEncryptedRoot(ctx))
  }

  /** A copy that is in the clear where it must not be gets nothing more, and is not held as a good one. */
  async function refusePlaintextCopy(ctx: RunContext, dataset: DatasetName): Promise<void> {
    if (mayBePlain || (await pool.dataset(ctx, dataset))?.encrypted !== false) return
    // Above it, but listed with it: to ask for root_fs would be another program in each run.
    if ((await pool.dataset(ctx, mapping.base))?.encrypted !== true) return
    throw plaintext(`${quoted(dataset)} has arrived without encryption and was left for you to look at`)
  }

  /** What would arrive in the clear because of what it lies in. */
  async function refusePlaintext(
    ctx: RunContext,
    dataset: DatasetName,
    {from, raw}: ReceiveRequest,
  ): Promise<void> {
    if (from !== undefined) return await refusePlaintextCopy(ctx, dataset)
    if (raw || !(await mustBeEncrypted(ctx))) return
    const parent = parentOf(dataset)
    if (parent === undefined || (await pool.dataset(ctx, parent))?.encrypted === true) return
    throw plaintext(`${quoted(parent)} is not encrypted`)
  }

  /** What a stream says of itself may be a lie: only the dataset tells. */
  async function checkEncrypted(
    ctx: RunContext,
    dataset: DatasetName,
    {from}: ReceiveRequest,
  ): Promise<void> {
    if (from !== undefined || !(await mustBeEncrypted(ctx))) return
    await pool.list(ctx, [dataset], false)
    if ((await pool.dataset(ctx, dataset))?.encrypted === true) return
    throw plaintext(`${quoted(dataset)} has arrived without encryption and was left for you to look at`)
  }

  /** Whoever made the stream must not decide about what policy withholds or sets (threat T10), whatever `-x` and `-o` did. */
  async function strayProperties(
    ctx: RunContext,
    dataset: DatasetName,
    {inherit, override}: ReceiveArgs,
  ): Promise<readonly string[]> {
    const stray = await zfs.received(ctx, dataset, [...inherit, ...override.keys()])
    return stray.map(
      (property) =>
        `property ${property} of ${quoted(dataset)} is as the sender has it, against recv.properties: look at it, then run zfs inherit ${property}`,
    )
  }

  function plaintext(what: string): OperationalError {
    return new OperationalError('receive-policy', `root_fs ${quoted(rootFs)} is encrypted, but ${what}`, {
      hint: 'put it below an encrypted dataset, send raw, or allow it by recv.placeholder.encryption: off in the receiving job',
    })
  }

  function isEmptyPlaceholder(dataset: Dataset): boolean {
    return dataset.placeholder && !pool.versions(dataset.name).some(isSnapshot)
  }

  /** A dataset that has received something is no placeholder. A kill before this leaves one with snapshots: see view. */
  async function clearPlaceholder(ctx: RunContext, name: DatasetName): Promise<void> {
    if ((await pool.dataset(ctx, name))?.placeholder !== true) return
    const outcome = await zfs.setPlaceholder(ctx, name, 'off')
    if (outcome.kind === 'failed') {
      throw new OperationalError(
        'placeholder',
        `received into ${quoted(name)}, but cannot turn off its placeholder property: ${outcome.failure.message}`,
      )
    }
    await pool.list(ctx, [name], false)
  }

  async function holdsToMove(
    ctx: RunContext,
    dataset: DatasetName,
    to: Snapshot,
  ): Promise<{make: readonly Hold[]; drop: readonly Hold[]}> {
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
  async function dropOlderHolds(ctx: RunContext, dataset: DatasetName): Promise<void> {
    const held = pool
      .versions(dataset)
      .filter(isSnapshot)
      .filter(({userrefs}) => userrefs > 0)
    if (held.length < 2) return
    const byName = (await pool.holds(ctx, [dataset])).get(dataset)
    const ours = held.filter(({name}) => byName?.get(name)?.includes(tag)).toSorted(byCreatetxg)
    const older = ours.slice(0, -1).map((snapshot) => ({snapshot: nameOfSnapshot(snapshot), tag}))
    for (const outcome of await pool.release(ctx, older)) {
      if (outcome.kind === 'failed')
        ctx.log.warn('cannot release what an earlier run left', {dataset, error: outcome.failure.message})
    }
  }

  async function findReceived(
    ctx: RunContext,
    dataset: DatasetName,
    guid: Guid,
  ): Promise<Snapshot | undefined> {
    const is = (version: Version): version is Snapshot => isSnapshot(version) && version.guid === guid
    return await pool.find(ctx, dataset, is)
  }

  /** Moves the last-received hold: the new one is there before the old one goes. */
  async function moveHold(
    ctx: RunContext,
    requests: readonly HoldLastReceivedRequest[],
  ): Promise<readonly MovedHold[]> {
    const prepared = await prepareEach(requests, async ({filesystem, to}) => {
      const dataset = mapping.toReceiver(filesystem)
      const snapshot = await findReceived(ctx, dataset, to)
      if (snapshot === undefined)
        throw new OperationalError('version-gone', `no snapshot with guid ${to} on ${quoted(dataset)}`)
      await refusePlaintextCopy(ctx, dataset)
      await clearPlaceholder(ctx, dataset)
      return await holdsToMove(ctx, dataset, snapshot)
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

  /** Requests for what may not be named fail one by one. */
  function mappable(filesystems: readonly DatasetName[]): readonly DatasetName[] {
    return filesystems.flatMap((filesystem) => {
      try {
        return [mapping.toReceiver(filesystem)]
      } catch (error) {
        if (error instanceof OperationalError) return []
        throw error
      }
    })
  }

  return {
    async observe(ctx) {
      const listing = await pool.list(ctx, [mapping.base], true)
      await requireRootFs(ctx)
      const mapped = listing.datasets.flatMap((dataset) => {
        const filesystem = mapping.toSender(dataset.name)
        return filesystem === undefined ? [] : [{dataset, filesystem}]
      })
      const holds = await pool.holds(
        ctx,
        mapped.map(({dataset}) => dataset.name),
      )
      return {
        jobId,
        missing: [],
        clockMs: ctx.clock.now(),
        filesystems: mapped.map(({dataset, filesystem}) => ({
          filesystem,
          type: dataset.type,
          placeholder: isEmptyPlaceholder(dataset),
          encrypted: dataset.encrypted,
          written: dataset.written,
          resumeToken: dataset.resumeToken,
          versions: pool.versions(dataset.name).map((version) => ({...version, filesystem})),
          holds: holds.get(dataset.name) ?? new Map(),
        })),
      }
    },

    async abortPartial(ctx, filesystems) {
      const outcomes: Outcome[] = []
      for (const filesystem of filesystems) {
        const dataset = mapping.toReceiver(filesystem)
        outcomes.push(await zfs.abortReceive(ctx, dataset))
        await pool.list(ctx, [dataset], false)
      }
      return outcomes
    },

    async setAside(ctx, requests) {
      const outcomes: Outcome[] = []
      for (const {filesystem, newest} of requests)
        outcomes.push(await setAside(ctx, zfs, pool, {dataset: mapping.toReceiver(filesystem), newest, tag}))
      return outcomes
    },

    async holdLastReceived(ctx, requests) {
      const datasets = mappable(requests.map(({filesystem}) => filesystem))
      await pool.relist(ctx, datasets)
      await pool.holds(ctx, datasets)
      const moved = await moveHold(ctx, requests)
      for (const [index, {dropped}] of moved.entries()) {
        if (dropped.kind === 'failed')
          ctx.log.warn(CANNOT_DROP, {
            filesystem: requests[index]?.filesystem,
            error: dropped.failure.message,
          })
      }
      return moved.map(({held}) => held)
    },

    async estimateDestroy(ctx, requests) {
      return await estimateDestroys(ctx, zfs, pool, requests, (filesystem) => mapping.toReceiver(filesystem))
    },

    async destroySnapshots(ctx, requests) {
      return await destroyJudged(ctx, zfs, pool, requests, floor, (filesystem) =>
        mapping.toReceiver(filesystem),
      )
    },

    async receive(ctx, request, source): Promise<ReceiveReply> {
      await requireRootFs(ctx)
      const dataset = mapping.toReceiver(request.filesystem)
      await createAncestors(ctx, dataset)
      const target = await targetOf(ctx, dataset, request)
      refuseOverwrite(request, target, target !== undefined && isEmptyPlaceholder(target))
      await refusePlaintext(ctx, dataset, request)
      await dropOlderHolds(ctx, dataset)

      const inspector = createInspector(plannedStream(request), (because) =>
        notAsAnnounced(dataset, request, because),
      )
      const args = await argsOf(ctx, request, target)
      const outcome = await zfs.receive(ctx, args, {source, inspect: inspector.inspect, pace})
      // What came with the first part of a first stream is not repeated with the rest of it.
      const mayBring = inspector.bringsProperties() || (request.resuming && request.from === undefined)
      if (outcome.kind === 'done' && mayWait(request) && !mayBring) return {warnings: []}

      // `zfs receive` fails after the snapshot is committed (a mount), and succeeds without having received anything:
      // only the guid on the pool tells.
      await pool.relist(ctx, [dataset])
      const received = await findReceived(ctx, dataset, request.to.guid)
      if (received === undefined) throw receiveError(dataset, request, outcome)
      const warnings =
        outcome.kind === 'failed' ? [`received, but zfs receive said: ${outcome.failure.message}`] : []
      await checkEncrypted(ctx, dataset, request)
      if (mayBring) warnings.push(...(await strayProperties(ctx, dataset, args)))
      if (target?.placeholder === true) await clearPlaceholder(ctx, dataset)
      if (request.protection === 'guarantee_nothing') return {warnings}

      const [moved] = await moveHold(ctx, [{filesystem: request.filesystem, to: request.to.guid}])
      if (moved?.dropped.kind === 'failed') warnings.push(`${CANNOT_DROP}: ${moved.dropped.failure.message}`)
      if (moved?.held.kind !== 'failed') return {warnings}
      throw new OperationalError(
        'receive-failed',
        `received ${quoted(nameOfSnapshot(received))}, but cannot hold it: ${moved.held.failure.message}`,
      )
    },
  }
}

/** A new last-received hold, and what became of the older ones: one that stays is untidy, and dropped by a later run. */
type MovedHold = {readonly held: Outcome; readonly dropped: Outcome}

const DONE: Outcome = {kind: 'done'}
const CANNOT_DROP = 'cannot release an older last-received hold'

/** What a full stream has made is looked at before anything is received below it. */
function mayWait({from, confirm, protection}: ReceiveRequest): boolean {
  return confirm === 'later' && from !== undefined && protection !== 'guarantee_nothing'
}

/** A full stream may only create a dataset or replace an empty placeholder; an increment needs something to add to. */
function refuseOverwrite(
  {filesystem, from, resuming}: ReceiveRequest,
  target: Dataset | undefined,
  isEmptyPlaceholder: boolean,
): void {
  if (from === undefined && target !== undefined && !isEmptyPlaceholder && !resuming) {
    throw new OperationalError(
      'receive-policy',
      `${quoted(filesystem)} exists on the receiver and is not an empty placeholder`,
      {hint: 'zrepl never overwrites; rename the copy on the receiver if it is to be replicated afresh'},
    )
  }
  if (from !== undefined && (target === undefined || isEmptyPlaceholder)) {
    throw new OperationalError(
      'receive-policy',
      `${quoted(filesystem)} has nothing on the receiver that an increment could be added to`,
    )
  }
}

/** What the sender has announced is what the plan was made of: it is the stream that has to keep to it. */
function plannedStream({type, raw, from, to}: ReceiveRequest): PlannedStream {
  return {type, raw, toguid: to.guid, fromguid: from}
}

function notAsAnnounced(dataset: DatasetName, {to}: ReceiveRequest, because: string): OperationalError {
  return new OperationalError(
    'receive-policy',
    `the stream for ${quoted(`${dataset}@${to.name}`)} is not the announced one: ${because}`,
    {hint: 'nothing was received; look at the sender before it is trusted again'},
  )
}

function receiveError(dataset: DatasetName, {to}: ReceiveRequest, outcome: Outcome): OperationalError {
  const snapshot = quoted(`${dataset}@${to.name}`)
  if (outcome.kind === 'failed')
    return new OperationalError(
      codeOf(outcome.failure),
      `cannot receive ${snapshot}: ${outcome.failure.message}`,
      {
        hint: HINTS.get(outcome.failure.kind),
        retryable: PASSING.has(outcome.failure.kind),
      },
    )
  return new OperationalError(
    'receive-not-confirmed',
    `${snapshot} with guid ${to.guid} is not there after receive`,
    {
      hint: 'the replication cursor was not moved; the next run looks again',
    },
  )
}

/** What may be over the next time, without anybody looking into the stream. */
const PASSING: ReadonlySet<ZfsFailureKind> = new Set(['no-space', 'busy', 'permission'])

function codeOf({kind}: ZfsFailure): ErrorCode {
  return kind === 'key-not-loaded' ? 'key-not-loaded' : 'receive-failed'
}

const HINTS: ReadonlyMap<ZfsFailureKind, string> = new Map([
  [
    'modified',
    'somebody has changed the copy since it was looked at; the next run tells what to do, and nothing was overwritten',
  ],
  [
    'no-space',
    'make room or raise the quota on the receiver; what has arrived is kept, and the next run continues from there',
  ],
  [
    'key-not-loaded',
    'load the key of the dataset on the receiver (zfs load-key), or send raw (send.encrypted: true)',
  ],
])
