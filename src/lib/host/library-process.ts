import type {RunContext} from '../core/context.ts'
import {OperationalError} from '../core/errors.ts'
import {quoted} from '../core/printable.ts'
import type {CallLibrary, LibraryAnswer, LibraryCall} from '../zfs-client/call-library.ts'
import {type Child, exitsWithin, GRACE, type Grace, startChild, stopChild} from './child.ts'
import {FIXED_ENVIRONMENT} from './environment.ts'
import {
  decodeMessage,
  encodeMessage,
  LENGTH_BYTES,
  type LibraryHello,
  type LibraryRequest,
  readLength,
} from './library-message.ts'
import {createPipe, type PipeReader, type PipeWriter} from './pipe.ts'

/** How long the child may take to find the library and try it. */
const HELLO_MS = 30_000
/** How long it may take to see that we are through with it. */
const CLOSE_MS = 5000

/** The word with which our executable becomes the child. */
export const LIBRARY_WORD = 'zfs-library'

export type LibraryOptions = {
  /** `library`: not having it is an error, not a reason to do without. */
  readonly required: boolean
  /** A lock the child inherits, so that it lasts as long as a call does. */
  readonly lockFd?: number | undefined
  /** Our own executable and the words that make it the child; given by tests only. */
  readonly command?: {readonly path: string; readonly argv: readonly string[]}
  readonly grace?: Grace
}

export type LibraryProcess = {readonly call: CallLibrary; close(ctx: RunContext): Promise<void>}

type Started = {readonly child: Child; readonly toChild: PipeWriter; readonly fromChild: PipeReader}

/**
 * libzfs_core in a child of our own executable, started at the first call. Calls are made one after the other. A child
 * that must be stopped, by the context or a deadline, takes its call with it; one that dies is not replaced.
 */
export function createLibraryProcess(options: LibraryOptions): LibraryProcess {
  let started: Started | undefined
  /** Why there is none. */
  let missing: string | undefined
  let last: Promise<unknown> = Promise.resolve()

  async function call(ctx: RunContext, call: LibraryCall): Promise<LibraryAnswer | undefined> {
    ctx.signal.throwIfAborted()
    if (missing !== undefined) return refuse(missing)
    started ??= await start(ctx)
    if (started === undefined) return undefined
    const {operation, pool, objects} = call
    const span = ctx.span.child(`libzfs_core ${operation}`, {objects: objects.length})
    const begun = ctx.clock.monotonic()
    try {
      const answer = await ask<LibraryAnswer | null>(
        ctx,
        started,
        {operation, pool, objects},
        call.deadlineMs,
        operation,
      )
      const facts = {operation, objects: objects.length, errno: answer?.errno}
      ctx.log.of('zfs.lib').debug('libzfs_core called', {...facts, durationMs: ctx.clock.monotonic() - begun})
      span.end(facts)
      if (answer === undefined) return giveUp(ctx, 'the process that calls it has ended')
      return answer ?? refuse(`it does not see the pool ${quoted(pool)}`)
    } catch (error) {
      span.end({error: error instanceof Error ? error.message : String(error)})
      throw error
    }
  }

  async function start(ctx: RunContext): Promise<Started | undefined> {
    const begun = startLibrary(options)
    started = begun
    const hello = await ask<LibraryHello>(ctx, begun, undefined, HELLO_MS, 'start')
    if (hello?.ready === true) return begun
    return giveUp(ctx, hello?.because ?? 'the process that calls it cannot be used')
  }

  function giveUp(ctx: RunContext, because: string): undefined {
    missing = because
    refuse(because)
    ctx.log.of('zfs.lib').info('libzfs_core cannot be used, the zfs command is used instead', {because})
    return undefined
  }

  function refuse(because: string): undefined {
    if (options.required)
      throw new OperationalError('host', `cannot use libzfs_core: ${because}`, {
        hint: 'global.zfs.access says library; with auto or cli the zfs command is used',
      })
    return undefined
  }

  /** One message there, unless there is none to send, and one back; `undefined` when the child has gone. */
  async function ask<T>(
    ctx: RunContext,
    {child, toChild, fromChild}: Started,
    request: LibraryRequest | undefined,
    deadlineMs: number,
    what: string,
  ): Promise<T | undefined> {
    const settled = new AbortController()
    const late = ctx.clock.sleep(deadlineMs, settled.signal).then(
      () => {
        throw new OperationalError(
          'deadline',
          `libzfs_core '${what}' did not end within ${deadlineMs / 1000} s`,
          {retryable: true},
        )
      },
      () => new Promise<never>(() => {}),
    )
    try {
      return await Promise.race([converse(), late])
    } catch (error) {
      if (error instanceof OperationalError && error.code === 'peer-unreachable') return undefined
      missing = 'a call had to be stopped'
      if ((await stopChild(child, ctx.clock, options.grace ?? GRACE)) === 'stays')
        ctx.log.of('zfs.lib').error('program does not end, not even by SIGKILL; left behind', {
          pid: child.pid,
          program: LIBRARY_WORD,
        })
      throw error
    } finally {
      settled.abort()
    }

    async function converse(): Promise<T | undefined> {
      if (request !== undefined) await toChild.write(encodeMessage(request), ctx.signal)
      const length = await fromChild.read(LENGTH_BYTES, ctx.signal)
      const body = length && (await fromChild.read(readLength(length), ctx.signal))
      return body && decodeMessage<T>(body)
    }
  }

  return {
    call(ctx, request) {
      const turn = last.then(() => call(ctx, request))
      last = turn.catch(() => {})
      return turn
    },
    async close(ctx) {
      await last
      if (started === undefined) return
      const {child, toChild, fromChild} = started
      toChild.close()
      if (!(await exitsWithin(child, ctx.clock, CLOSE_MS))) child.signalGroup('SIGKILL')
      fromChild.close()
    },
  }
}

function startLibrary(options: LibraryOptions): Started {
  const there = createPipe()
  const back = createPipe()
  const {path, argv} = options.command ?? {path: process.execPath, argv: [LIBRARY_WORD]}
  try {
    const child = startChild({
      path,
      argv,
      environment: FIXED_ENVIRONMENT,
      stdin: there.reader.stream.fd,
      stdout: back.writer.stream.fd,
      inherited: options.lockFd,
    })
    child.abandon()
    return {child, toChild: there.writer, fromChild: back.reader}
  } catch (error) {
    there.writer.close()
    back.reader.close()
    throw error
  } finally {
    there.reader.close()
    back.writer.close()
  }
}
