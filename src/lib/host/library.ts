import {type Fields, inSpan, type RunContext, withSignal} from '../core/context.ts'
import {quoted} from '../core/printable.ts'
import type {StreamHandle} from '../core/stream.ts'
import {createTurns} from '../core/turns.ts'
import {poolOf, type SnapshotName} from '../zfs/name.ts'
import {readStreamHeader, STREAM_HEADER_BYTES} from '../zfs/stream-header.ts'
import type {LibraryAnswer, LibraryCall} from '../zfs-client/call-library.ts'
import type {Library, LibraryStreamEnd} from '../zfs-client/library.ts'
import {admit} from './inspect-incoming.ts'
import {kernelStream} from './kernel-stream.ts'
import type {LibraryChild} from './library-child.ts'
import {createLibraryChildren, type LibraryOptions, within} from './library-children.ts'
import {
  type LibraryRequest,
  type LibraryStream,
  type MeasuredStream,
  type StreamEnd,
  sentStream,
} from './library-message.ts'
import {descriptorPassing} from './pass-descriptor.ts'
import {openPacedPassage, openPassage, type Passage} from './pass-on.ts'
import {processCpu} from './process-cpu.ts'
import {processIo} from './process-io.ts'
import {rejectionOf} from './rejection-of.ts'

/** Looking at one object takes no transaction group. */
const LOOK_MS = 2 * 60_000

/**
 * libzfs_core in children of our own executable. Changes are made one after the other; streams go beside them, each by a
 * child of its own as long as it lasts. A child that must be stopped, by the context or a deadline, takes its call with it.
 */
export function createLibrary(options: LibraryOptions): Library & {close(ctx: RunContext): Promise<void>} {
  const children = createLibraryChildren(options)
  const seen = new Map<string, boolean>()
  const changes = createTurns('library')

  /** Uses a child, and tells in the span of `ctx` what that has taken. */
  async function use<T>(
    ctx: RunContext,
    work: (child: LibraryChild) => Promise<T | undefined>,
  ): Promise<T | undefined> {
    return await children.use(ctx, async (child) => {
      const begun = ctx.span.kept ? usageOf(child) : undefined
      try {
        return await work(child)
      } finally {
        if (begun !== undefined) ctx.span.add(usedSince(begun, usageOf(child)))
      }
    })
  }

  async function change(ctx: RunContext, call: LibraryCall): Promise<LibraryAnswer | undefined> {
    const {operation, pool, objects, deadlineMs} = call
    const answer = await told(ctx, operation, {objects: objects.length}, (ctx) =>
      use(ctx, async (child) => {
        try {
          return await ask<LibraryAnswer | 'unseen'>(ctx, child, {operation, pool, objects}, deadlineMs)
        } catch (error) {
          children.spoil('a call had to be stopped')
          throw error
        }
      }),
    )
    return answer === 'unseen' ? children.refuse(doesNotSee(pool)) : answer
  }

  /** Whether the library and `zfs` look at the same system: asked once for each pool, before a stream is touched. */
  async function sees(ctx: RunContext, name: SnapshotName): Promise<boolean> {
    const pool = poolOf(name)
    const look = (child: LibraryChild) => ask<boolean>(ctx, child, {operation: 'sees', pool}, LOOK_MS)
    const answer = seen.get(pool) ?? (await children.use(ctx, look))
    if (answer === undefined) return false
    seen.set(pool, answer)
    if (!answer) children.refuse(doesNotSee(pool))
    return answer
  }

  async function runStream(
    ctx: RunContext,
    request: LibraryStream,
    fields: Fields,
    pipe: {readonly stream: StreamHandle; readonly passage: Passage | undefined},
  ): Promise<LibraryStreamEnd | undefined> {
    let begun = false
    const end = await told(
      ctx,
      request.operation,
      fields,
      (ctx) =>
        use(ctx, async (child) => {
          begun = await child.tell(ctx, request, pipe.stream)
          return begun ? await streamBy(ctx, child, pipe.passage) : undefined
        }),
      () => ({bytes: pipe.passage?.moved()}),
    )
    if (end !== undefined) return {kind: 'ended', errno: end.errno}
    return begun ? {kind: 'died'} : undefined
  }

  return {
    call: (ctx, call) => changes.take(ctx, () => change(ctx, call)),

    async measure(ctx, stream) {
      if (!(await sees(ctx, stream.to))) return undefined
      const request = {operation: 'measure', stream: sentStream(stream)} as const
      const answer = await told(ctx, 'measure', {to: stream.to}, (ctx) =>
        use(ctx, (child) => ask<MeasuredStream>(ctx, child, request, LOOK_MS)),
      )
      return answer && {errno: answer.errno, bytes: BigInt(answer.bytes)}
    },

    async send(ctx, stream, into) {
      if (descriptorPassing() === undefined || !(await sees(ctx, stream.to))) return undefined
      const {to, from, resume} = stream
      const passage = openPassage(into)
      try {
        return await runStream(
          ctx,
          {operation: 'send', stream: sentStream(stream)},
          {to, from, resumed: resume !== undefined},
          {stream: passage.stream, passage},
        )
      } finally {
        passage.close()
      }
    },

    async receive(ctx, to, stream) {
      if (descriptorPassing() === undefined) return undefined
      await admit(ctx, stream)
      const {source, pace} = stream
      const first = firstRecord(source)
      if (first === undefined || !(await sees(ctx, to))) return undefined
      const passage = pace && openPacedPassage({source, pace})
      try {
        return await runStream(
          ctx,
          {operation: 'receive', to, ...first},
          {to},
          {stream: passage?.stream ?? source, passage},
        )
      } finally {
        passage?.close()
      }
    },

    async close(ctx) {
      await changes.done()
      await children.close(ctx)
    },
  }
}

type Usage = {readonly userMs: number; readonly systemMs: number; readonly read: bigint}

function usageOf({pid}: LibraryChild): Usage | undefined {
  const [cpu, io] = [processCpu(pid), processIo(pid)]
  return cpu && io && {...cpu, read: io.read}
}

/** What a child reads is next to nothing but the stream it receives. */
function usedSince(begun: Usage, now: Usage | undefined): Fields {
  if (now === undefined) return {}
  return {
    userMs: now.userMs - begun.userMs,
    systemMs: now.systemMs - begun.systemMs,
    readBytes: now.read - begun.read,
  }
}

function doesNotSee(pool: string): string {
  return `it does not see the pool ${quoted(pool)}`
}

async function ask<T>(
  ctx: RunContext,
  child: LibraryChild,
  request: LibraryRequest,
  deadlineMs: number,
): Promise<T | undefined> {
  return await within(ctx, deadlineMs, request.operation, async (ctx) =>
    (await child.tell(ctx, request)) ? await child.answer<T>(ctx) : undefined,
  )
}

/** Waits for the end of a stream that the child has been told of, and passes it on. `undefined` when the child has gone. */
async function streamBy(
  ctx: RunContext,
  child: LibraryChild,
  passage: Passage | undefined,
): Promise<StreamEnd | undefined> {
  const settled = new AbortController()
  const passed = passage?.run(withSignal(ctx, settled.signal))
  const ended = async () => {
    const end = await child.answer<StreamEnd>(ctx)
    // What was written has not been passed on yet.
    if (passage?.direction === 'from-program') await passed
    return end
  }
  try {
    return await (passed === undefined ? ended() : Promise.race([ended(), rejectionOf(passed)]))
  } finally {
    settled.abort()
    await passed?.catch(() => {})
  }
}

/** The first record of a stream that the kernel can read by itself, left in its pipe. */
function firstRecord(source: StreamHandle): {readonly record: string; readonly raw: boolean} | undefined {
  using lent = source.lend()
  const bytes = kernelStream()?.peek(lent.fd, STREAM_HEADER_BYTES)
  const header = bytes && readStreamHeader(bytes)
  if (bytes === undefined || header?.kind !== 'header' || header.compound) return undefined
  return {record: Buffer.from(bytes).toString('base64'), raw: header.raw}
}

/** Tells the log and the trace of one call; `facts` are known when it is over. */
async function told<T>(
  ctx: RunContext,
  operation: string,
  fields: Fields,
  work: (ctx: RunContext) => Promise<T | undefined>,
  facts: () => Fields = () => ({}),
): Promise<T | undefined> {
  const span = ctx.span.child(`libzfs_core ${operation}`, fields)
  const inside = inSpan(ctx, span)
  const begun = ctx.clock.monotonic()
  const end = (how: Fields) => {
    const all = {...how, ...facts(), durationMs: ctx.clock.monotonic() - begun}
    inside.log.of('zfs.lib').debug('libzfs_core called', {operation, ...fields, ...all})
    span.end(all)
  }
  try {
    const answer = await work(inside)
    end({errno: errnoOf(answer)})
    return answer
  } catch (error) {
    end({error: error instanceof Error ? error.message : String(error)})
    throw error
  }
}

function errnoOf(answer: unknown): number | undefined {
  return typeof answer === 'object' && answer !== null && 'errno' in answer ? Number(answer.errno) : undefined
}
