import {assert} from '../core/assert.ts'
import type {RunContext} from '../core/context.ts'
import {OperationalError} from '../core/errors.ts'
import type {LentStream, StreamHandle} from '../core/stream.ts'
import {exitsWithin, GRACE, type Grace, startChild, stopChild} from './child.ts'
import {FIXED_ENVIRONMENT} from './environment.ts'
import {
  decodeMessage,
  encodeMessage,
  LENGTH_BYTES,
  type LibraryRequest,
  readLength,
} from './library-message.ts'
import {type DescriptorPassing, descriptorPassing} from './pass-descriptor.ts'
import {byteReader, byteWriter, createPipe, type PipeReader, type PipeWriter} from './pipe.ts'

/** The word with which our executable becomes the child. */
export const LIBRARY_WORD = 'zfs-library'

/** How long it may take to see that we are through with it. */
const CLOSE_MS = 5000

export type LibraryChildOptions = {
  /** A lock the child inherits, so that it lasts as long as a call does. */
  readonly lockFd?: number | undefined
  /** Our own executable and the words that make it the child; given by tests only. */
  readonly command?: {readonly path: string; readonly argv: readonly string[]}
  readonly grace?: Grace
}

/** A process of our own executable that makes one blocking call of libzfs_core after the other. */
export type LibraryChild = {
  readonly pid: number
  /** Sends a request, and a copy of `stream` with it. False when the child has gone. */
  tell(ctx: RunContext, request: LibraryRequest, stream?: StreamHandle): Promise<boolean>
  /** The next message of the child; `undefined` when it has gone. */
  answer<T>(ctx: RunContext): Promise<T | undefined>
  /** Ends it, whatever it does. */
  stop(ctx: RunContext): Promise<void>
  /** Lets it go by itself. */
  close(ctx: RunContext): Promise<void>
}

/** Starts it. It goes when it is closed, and with us. */
export function startLibraryChild(options: LibraryChildOptions): LibraryChild {
  const there = openRequests()
  const back = createPipe()
  const {path, argv} = options.command ?? {path: process.execPath, argv: [LIBRARY_WORD]}
  const start = () => {
    try {
      return startChild({
        path,
        argv,
        environment: FIXED_ENVIRONMENT,
        stdin: there.reader.stream,
        stdout: back.writer.stream,
        inherited: options.lockFd,
      })
    } catch (error) {
      there.writer.close()
      back.reader.close()
      throw error
    } finally {
      there.reader.close()
      back.writer.close()
    }
  }
  const child = start()
  child.abandon()

  return {
    pid: child.pid,
    async tell(ctx, request, stream) {
      // Before the request, behind which the child waits for it. That there is none any more does not mean that the child has gone.
      using lent = stream?.lend()
      const told = await whileThere(async () => {
        await there.writer.write(encodeMessage(request), ctx.signal)
        if (lent !== undefined) there.give(lent)
        return true
      })
      return told ?? false
    },
    answer: async <T>({signal}: RunContext) =>
      await whileThere(async () => {
        const length = await back.reader.read(LENGTH_BYTES, signal)
        const body = length && (await back.reader.read(readLength(length), signal))
        return body && decodeMessage<T>(body)
      }),
    async stop(ctx) {
      const end = await stopChild(child, ctx.clock, options.grace ?? GRACE)
      there.writer.close()
      back.reader.close()
      if (end === 'stays')
        ctx.log.of('zfs.lib').error('program does not end, not even by SIGKILL; left behind', {
          pid: child.pid,
          program: LIBRARY_WORD,
        })
    },
    async close(ctx) {
      there.writer.close()
      if (!(await exitsWithin(child, ctx.clock, CLOSE_MS))) child.signalGroup('SIGKILL')
      back.reader.close()
    },
  }
}

type Requests = {
  readonly writer: PipeWriter
  /** For the child, which gets a copy of its own. */
  readonly reader: PipeReader
  give(stream: LentStream): void
}

/** A socket where descriptors can go over it, elsewhere a pipe. */
function openRequests(): Requests {
  const passing = descriptorPassing()
  if (passing === undefined) {
    const {reader, writer} = createPipe()
    return {writer, reader, give: () => assert(false, 'no descriptor can be passed on here')}
  }
  return overSocket(passing)
}

function overSocket(passing: DescriptorPassing): Requests {
  const {fd, otherFd} = passing.pair()
  const writer = byteWriter(fd)
  return {
    writer,
    reader: byteReader(otherFd),
    give(stream) {
      using socket = writer.stream.lend()
      passing.give(socket.fd, stream.fd)
    },
  }
}

async function whileThere<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof OperationalError && error.code === 'peer-unreachable') return undefined
    throw error
  }
}
