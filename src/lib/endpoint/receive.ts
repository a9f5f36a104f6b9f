import type {RunContext} from '../core/context.ts'
import {OperationalError} from '../core/errors.ts'
import {quoted} from '../core/printable.ts'
import type {StreamHandle} from '../core/stream.ts'
import {KEY_LOCATION} from '../scope/received-properties.ts'
import type {ReceiveArgs} from '../zfs/client.ts'
import type {Dataset} from '../zfs/dataset.ts'
import type {PlannedStream} from '../zfs/judge-stream.ts'
import {type DatasetName, snapshotName} from '../zfs/name.ts'
import {isSnapshot, nameOfSnapshot} from '../zfs/version.ts'
import {receiveCompressed} from './compressed.ts'
import {createInspector} from './inspector.ts'
import {withholdKeyLocation} from './key-location.ts'
import {CANNOT_DROP, dropOlderHolds, findReceived, moveHolds, seekReceived} from './last-received.ts'
import {clearPlaceholder, createAncestors, isEmptyPlaceholder} from './placeholder.ts'
import {checkEncrypted, isEncryptedRoot, refusePlaintext} from './plaintext.ts'
import {notAsAnnounced, receiveError} from './receive-error.ts'
import type {ReceiveReply, ReceiveRequest} from './receiver.ts'
import type {ReceivingSide} from './receiving-side.ts'
import {requireRootFs} from './root-fs.ts'
import type {StreamBegan, StreamsHow} from './sender.ts'

/** What `LocalReceiver.receive` does. */
export async function receive(
  ctx: RunContext,
  side: ReceivingSide,
  requests: readonly ReceiveRequest[],
  source: StreamHandle,
  {began, compression}: StreamsHow = {},
): Promise<ReceiveReply> {
  if (side.pace !== undefined && requests.length > 1)
    throw new OperationalError('peer-protocol', 'several streams in one request, where only one was offered')
  return await receiveCompressed(ctx, side.stages, compression, source, (source) =>
    receiveEach(ctx, side, requests, source, began),
  )
}

async function receiveEach(
  ctx: RunContext,
  side: ReceivingSide,
  requests: readonly ReceiveRequest[],
  source: StreamHandle,
  began: StreamBegan | undefined,
): Promise<ReceiveReply> {
  const warnings = new Set<string>()
  for (const [index, request] of requests.entries()) {
    try {
      began?.(index)
      for (const warning of await receiveOne(ctx, side, request, source)) warnings.add(warning)
    } catch (error) {
      if (ctx.signal.aborted || !(error instanceof OperationalError)) throw error
      const arrived = await countArrived(ctx, side, requests.slice(0, index))
      if (arrived === 0) throw error
      return {arrived, warnings: Array.from(warnings), failure: error}
    }
  }
  return {arrived: requests.length, warnings: Array.from(warnings)}
}

/** How many of them are on the pool, up to the first that is not. Of what cannot be seen none counts. */
async function countArrived(
  ctx: RunContext,
  side: ReceivingSide,
  requests: readonly ReceiveRequest[],
): Promise<number> {
  try {
    await side.pool.relist(ctx, Array.from(new Set(requests.map((request) => datasetOf(side, request)))))
  } catch (error) {
    if (ctx.signal.aborted || !(error instanceof OperationalError)) throw error
    return 0
  }
  const isThere = (request: ReceiveRequest) =>
    side.pool
      .versions(datasetOf(side, request))
      .some((version) => isSnapshot(version) && version.guid === request.to.guid)
  const missing = requests.findIndex((request) => !isThere(request))
  return missing === -1 ? requests.length : missing
}

function datasetOf({mapping}: ReceivingSide, {filesystem}: ReceiveRequest): DatasetName {
  return mapping.toReceiver(filesystem)
}

/** Receives one stream. Returns warnings. */
async function receiveOne(
  ctx: RunContext,
  side: ReceivingSide,
  request: ReceiveRequest,
  source: StreamHandle,
): Promise<readonly string[]> {
  const {zfs, pool, pace, recv} = side
  await requireRootFs(ctx, side)
  const dataset = datasetOf(side, request)
  await createAncestors(ctx, side, dataset)
  const target = await targetOf(ctx, side, dataset, request)
  refuseOverwrite(request, target, target !== undefined && isEmptyPlaceholder(side, target))
  await refusePlaintext(ctx, side, dataset, request)
  await dropOlderHolds(ctx, side, dataset)

  const inspector = createInspector(plannedStream(request), (because) =>
    notAsAnnounced(dataset, request, because),
  )
  const args = await argsOf(ctx, side, request, target)
  pool.expect(args.to)
  const outcome = await zfs.receive(ctx, args, {
    source,
    inspect: inspector.inspect,
    pace,
    bufferBytes: recv.bufferBytes,
  })
  // What came with the first part of a first stream is not repeated with the rest of it.
  const mayBring = inspector.bringsProperties() || (request.resuming && request.from === undefined)
  if (outcome.kind === 'done' && mayWait(request) && !mayBring) return []
  // Before anything else can fail, and also of a stream that has failed.
  const warnings = mayBring && request.raw ? [...(await withholdKeyLocation(ctx, side, dataset))] : []

  // `zfs receive` fails after the snapshot is committed (a mount), and succeeds without having received anything:
  // only the guid on the pool tells.
  await seekReceived(ctx, side, [{filesystem: dataset, guid: request.to.guid}])
  const received = await findReceived(ctx, side, dataset, request.to.guid)
  if (received === undefined) throw receiveError(dataset, request, outcome)
  if (outcome.kind === 'failed') warnings.push(`received, but zfs receive said: ${outcome.failure.message}`)
  await checkEncrypted(ctx, side, dataset, request)
  if (mayBring) warnings.push(...(await strayProperties(ctx, side, dataset, args)))
  if (target?.placeholder === true) await clearPlaceholder(ctx, side, dataset)
  if (request.confirm === 'later' || request.protection === 'guarantee_nothing') return warnings

  const [moved] = await moveHolds(ctx, side, [{filesystem: request.filesystem, to: request.to.guid}])
  if (moved?.dropped.kind === 'failed') warnings.push(`${CANNOT_DROP}: ${moved.dropped.failure.message}`)
  if (moved?.held.kind !== 'failed') return warnings
  throw new OperationalError(
    'receive-failed',
    `received ${quoted(nameOfSnapshot(received))}, but cannot hold it: ${moved.held.failure.message}`,
  )
}

/** The target as it is now, if it could be received over: what was seen when planning may be out of date. */
async function targetOf(
  ctx: RunContext,
  {pool}: ReceivingSide,
  dataset: DatasetName,
  {from}: ReceiveRequest,
): Promise<Dataset | undefined> {
  const known = await pool.dataset(ctx, dataset)
  if (known === undefined || (from !== undefined && !known.placeholder)) return known
  await pool.list(ctx, [dataset], false)
  return await pool.dataset(ctx, dataset)
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

/** An empty placeholder is the only thing ever received over; its property goes once something else is there. */
async function argsOf(
  ctx: RunContext,
  side: ReceivingSide,
  {filesystem, from, to, raw, resuming}: ReceiveRequest,
  target: Dataset | undefined,
): Promise<ReceiveArgs> {
  const {recv, mapping} = side
  // The properties in a stream may say `encryption=off`, which would win over what is inherited.
  const excludesEncryption =
    from === undefined &&
    !raw &&
    !resuming &&
    !recv.properties.override.has('encryption') &&
    (await isEncryptedRoot(ctx, side))
  const inherit = new Set([...recv.properties.inherit, ...(excludesEncryption ? ['encryption'] : [])])
  return {
    to: snapshotName(mapping.toReceiver(filesystem), to.name),
    replacesPlaceholder: from === undefined && target !== undefined && isEmptyPlaceholder(side, target),
    inherit: Array.from(inherit).filter((property) => property !== KEY_LOCATION),
    override: recv.properties.override,
  }
}

/** What a full stream has made is looked at before anything is received below it. */
function mayWait({from, confirm}: ReceiveRequest): boolean {
  return confirm === 'later' && from !== undefined
}

/** Whoever made the stream must not decide about what policy withholds or sets (threat T10), whatever `-x` and `-o` did. */
async function strayProperties(
  ctx: RunContext,
  {zfs}: ReceivingSide,
  dataset: DatasetName,
  {inherit, override}: ReceiveArgs,
): Promise<readonly string[]> {
  const stray = await zfs.received(ctx, dataset, [...inherit, ...override.keys()])
  return stray.map(
    (property) =>
      `property ${property} of ${quoted(dataset)} is as the sender has it, against recv.properties: look at it, then run zfs inherit ${property}`,
  )
}
