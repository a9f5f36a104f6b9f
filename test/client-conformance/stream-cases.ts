import {withTask} from '../../src/lib/core/context.ts'
import {OperationalError} from '../../src/lib/core/errors.ts'
import type {ByteReader, ByteWriter, Inspect} from '../../src/lib/core/stream.ts'
import type {Outcome, ReceiveArgs, SendArgs} from '../../src/lib/zfs/client.ts'
import {type DatasetName, parseDatasetName, parseSnapshotName} from '../../src/lib/zfs/name.ts'
import {isSnapshot, type Snapshot, type Version} from '../../src/lib/zfs/version.ts'
import {PLAIN} from '../send-flags.ts'
import type {Stage} from './cases.ts'

/** A host as in `Stage`, on which streams can be laid. */
export type StreamStage = Stage & {
  pipe(): Pipe
  /** Writes some new data into a dataset. */
  write(dataset: string): void
}

export type Pipe = {
  readonly reader: ByteReader & {close(): void}
  readonly writer: ByteWriter & {close(): void}
}

export type StreamCase = {
  readonly name: string
  /** On Linux only root can mount what is to be written to. */
  readonly writes?: boolean
  run(stage: StreamStage): Promise<readonly string[]>
  readonly expected: readonly string[]
}

/** What every implementation must do alike with streams, on every version of ZFS. */
export const STREAM_CASES: readonly StreamCase[] = [
  {
    name: 'a full stream and an increment arrive with their guids, through one pipe',
    async run(stage) {
      history(stage)
      const pipe = stage.pipe()
      const found = [
        ...(await copy(stage, pipe, await step(stage, undefined, '1'))),
        ...(await copy(stage, pipe, await step(stage, '@1', '2'))),
      ]
      close(pipe)
      return [...found, ...(await sameGuids(stage))]
    },
    expected: ['sent', 'received', 'sent', 'received', 'a: 1 2', 'b: 1 2', 'same'],
  },
  {
    name: 'an increment from a bookmark',
    async run(stage) {
      history(stage)
      const pipe = stage.pipe()
      const found = await copy(stage, pipe, await step(stage, undefined, '1'))
      stage.zfs('destroy', `${stage.root}/a@1`)
      const more = await copy(stage, pipe, await step(stage, '#1', '2'))
      close(pipe)
      return [...found, ...more, ...(await sameGuids(stage))]
    },
    expected: ['sent', 'received', 'sent', 'received', 'a: 2', 'b: 1 2', 'same'],
  },
  {
    name: 'a stream that breaks off is a failure that leaves a token, is in the way of others, and is continued',
    writes: true,
    async run(stage) {
      history(stage, () => stage.write(`${stage.root}/a`))
      const pipe = stage.pipe()
      const found = await copy(stage, pipe, await step(stage, undefined, '1'))
      const plan = await step(stage, '@1', '2')
      const broken = await copyHalf(stage, plan)
      const inTheWay = await copyWhole(stage, plan)
      const {resumeToken} = (await look(stage, 'b')) ?? {}
      const rest = {...plan, send: {...plan.send, resumeToken}}
      const continued = resumeToken === undefined ? ['no token'] : await copy(stage, pipe, rest)
      close(pipe)
      return [...found, broken, inTheWay, ...continued, ...(await sameGuids(stage))]
    },
    expected: ['sent', 'received', 'cut', 'partial-receive', 'sent', 'received', 'a: 1 2', 'b: 1 2', 'same'],
  },
  {
    name: 'an increment without its base is refused',
    async run(stage) {
      history(stage)
      stage.zfs('snapshot', `${stage.root}/a@3`)
      const first = await copyWhole(stage, await step(stage, undefined, '2'))
      return [first, await copyWhole(stage, await step(stage, '@1', '3')), ...(await sameGuids(stage))]
    },
    expected: ['done', 'not-the-base', 'a: 1 2 3', 'b: 2', 'same'],
  },
  {
    name: 'a full stream never overwrites',
    async run(stage) {
      history(stage)
      stage.zfs('create', `${stage.root}/b`)
      return [await copyWhole(stage, await step(stage, undefined, '1')), ...(await sameGuids(stage))]
    },
    expected: ['exists', 'a: 1 2', 'b:', 'other'],
  },
  {
    name: 'what is gone cannot be sent, nor what is not newer than its base',
    async run(stage) {
      history(stage)
      const backwards = await step(stage, '@2', '1')
      const gone = await step(stage, undefined, '2')
      const found = [await sendOnly(stage, backwards.send)]
      stage.zfs('snapshot', `${stage.root}/a@3`)
      const fromGone = await step(stage, '@1', '3')
      stage.zfs('destroy', `${stage.root}/a@1`)
      stage.zfs('destroy', `${stage.root}/a@2`)
      return [...found, await sendOnly(stage, gone.send), await sendOnly(stage, fromGone.send)]
    },
    expected: ['not-the-base', 'does-not-exist', 'does-not-exist'],
  },
  {
    name: 'sizes: of a full stream, of an increment, of what is gone',
    async run(stage) {
      history(stage)
      const plans = [await step(stage, undefined, '1'), await step(stage, '@1', '2')]
      const gone = await step(stage, undefined, '2')
      const sizes: (bigint | undefined)[] = []
      for (const {send} of plans) sizes.push(await stage.client.estimate(stage.ctx, send))
      stage.zfs('destroy', `${stage.root}/a@2`)
      const none = await stage.client.estimate(stage.ctx, gone.send)
      return [
        ...sizes.map((size) => (size !== undefined && size > 0n ? 'a size' : String(size))),
        String(none),
      ]
    },
    expected: ['a size', 'a size', 'undefined'],
  },
]

/** `a@1 a#1 a@2`, with what `write` does between them. */
function history({zfs, root}: Stage, write: () => void = () => {}): void {
  zfs('create', `${root}/a`)
  zfs('snapshot', `${root}/a@1`)
  zfs('bookmark', `${root}/a@1`, `${root}/a#1`)
  write()
  zfs('snapshot', `${root}/a@2`)
}

type Plan = {readonly send: SendArgs; readonly receive: ReceiveArgs}

/** From `a@FROM` or `a#FROM` to `a@TO`, to be received below `b`. */
async function step(stage: Stage, from: string | undefined, to: string): Promise<Plan> {
  const versions = await versionsOf(stage, 'a')
  const base = from === undefined ? undefined : mustFind(versions, from)
  return {
    send: {to: mustFind(versions, `@${to}`) as Snapshot, from: base, flags: PLAIN, resumeToken: undefined},
    receive: {
      to: parseSnapshotName(`${stage.root}/b@${to}`),
      replacesPlaceholder: false,
      inherit: [],
      override: new Map(),
    },
  }
}

function mustFind(versions: readonly Version[], short: string): Version {
  const found = versions.find(({kind, name}) => `${kind === 'snapshot' ? '@' : '#'}${name}` === short)
  if (found === undefined) throw new Error(`no ${short}`)
  return found
}

/** Everything is let through: it is not for the client to judge. */
const inspect: Inspect = (head) =>
  head.length < HEADER_BYTES ? {kind: 'more', bytes: HEADER_BYTES} : {kind: 'admitted'}
const HEADER_BYTES = 312

/** Both at once, as in a run. What is not received is taken out of the pipe by hand. */
async function copy(stage: StreamStage, {reader, writer}: Pipe, plan: Plan): Promise<readonly string[]> {
  const {client, ctx} = stage
  const [sent, received] = await Promise.all([
    withTask(ctx, 'send', {}, (ctx) =>
      wordOf(() => client.send(ctx, plan.send, {sink: writer.stream, inspect, pace: undefined})),
    ),
    withTask(ctx, 'receive', {}, (ctx) =>
      wordOf(() => client.receive(ctx, plan.receive, {source: reader.stream, inspect, pace: undefined})),
    ),
  ])
  return [sent === 'done' ? 'sent' : sent, received === 'done' ? 'received' : received]
}

/** The bytes of a stream. */
async function record(stage: StreamStage, send: SendArgs): Promise<Uint8Array> {
  const pipe = stage.pipe()
  const {client, ctx} = stage
  const chunks: Uint8Array[] = []
  const taking = (async () => {
    for (;;) {
      const byte = await pipe.reader.read(1, ctx.signal)
      if (byte === undefined) return
      chunks.push(byte)
    }
  })()
  await client.send(ctx, send, {sink: pipe.writer.stream, inspect, pace: undefined})
  pipe.writer.close()
  await taking
  pipe.reader.close()
  return new Uint8Array(Buffer.concat(chunks))
}

async function receiveBytes(stage: StreamStage, args: ReceiveArgs, bytes: Uint8Array): Promise<string> {
  const {client, ctx} = stage
  const {reader, writer} = stage.pipe()
  await writer.write(bytes, ctx.signal)
  writer.close()
  const word = await wordOf(() =>
    client.receive(ctx, args, {source: reader.stream, inspect, pace: undefined}),
  )
  reader.close()
  return word
}

/** All but the last record. */
async function copyHalf(stage: StreamStage, {send, receive}: Plan): Promise<string> {
  const bytes = await record(stage, send)
  return await receiveBytes(stage, receive, bytes.subarray(0, bytes.length - HEADER_BYTES))
}

async function copyWhole(stage: StreamStage, {send, receive}: Plan): Promise<string> {
  return await receiveBytes(stage, receive, await record(stage, send))
}

async function sendOnly(stage: StreamStage, send: SendArgs): Promise<string> {
  const pipe = stage.pipe()
  const {client, ctx} = stage
  const word = await wordOf(() =>
    client.send(ctx, send, {sink: pipe.writer.stream, inspect, pace: undefined}),
  )
  close(pipe)
  return word
}

async function wordOf(work: () => Promise<Outcome>): Promise<string> {
  try {
    const outcome = await work()
    return outcome.kind === 'done' ? 'done' : outcome.failure.kind
  } catch (error) {
    if (!(error instanceof OperationalError)) throw error
    return error.code
  }
}

function close({reader, writer}: Pipe): void {
  writer.close()
  reader.close()
}

/** The snapshots of both, and whether those of `b` are among those that were ever in `a`. */
async function sameGuids(stage: Stage): Promise<readonly string[]> {
  const [a, b] = [await versionsOf(stage, 'a'), await versionsOf(stage, 'b')]
  const guids = new Set(a.map(({guid}) => guid))
  const names = (all: readonly Version[]) =>
    all
      .filter(isSnapshot)
      .map(({name}) => ` ${name}`)
      .join('')
  const same = b.length > 0 && b.filter(isSnapshot).every(({guid}) => guids.has(guid))
  return [`a:${names(a)}`, `b:${names(b)}`, same ? 'same' : 'other']
}

async function versionsOf({client, ctx, root}: Stage, name: string): Promise<readonly Version[]> {
  const dataset = parseDatasetName(`${root}/${name}`)
  return (await client.listVersions(ctx, [dataset])).get(dataset) ?? []
}

async function look({client, ctx, root}: Stage, name: string) {
  const dataset: DatasetName = parseDatasetName(`${root}/${name}`)
  const {datasets} = await client.list(ctx, {roots: [dataset], recursive: false})
  return datasets[0]
}
