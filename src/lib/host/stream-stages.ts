import {type RunContext, withSignal} from '../core/context.ts'
import {OperationalError} from '../core/errors.ts'
import {printable} from '../core/printable.ts'
import type {StreamStage, StreamStages} from '../core/stream-stage.ts'
import {type Child, type Exit, GRACE, type Grace, startChild, stopChild} from './child.ts'
import {readChunks, writeChunks, writeEnd} from './chunks.ts'
import {collectTail} from './collect.ts'
import type {DeathSignal} from './death-signal.ts'
import {FIXED_ENVIRONMENT} from './environment.ts'
import {createPipe, type PipeReader, type PipeWriter} from './pipe.ts'
import {findProgram, resolveProgram} from './resolve-program.ts'

/** Enough for what a program says before it gives up. */
const MAX_STDERR_BYTES = 4096

type StageOptions = {
  /** A lock the programs inherit. */
  readonly lockFd?: number | undefined
  /** From `findDeathSignal`. */
  readonly deathSignal?: DeathSignal | undefined
  readonly grace?: Grace
  /** Absolute path of zstd; found on the system when it is not given. */
  readonly zstd?: string
}

/** Stages that are programs of this host. They are given the pipes: no byte of a stream passes through us. */
export function createStreamStages(options: StageOptions = {}): StreamStages {
  return {
    compressions: () => (options.zstd !== undefined || isInstalled('zstd') ? ['zstd'] : []),

    compress(ctx, {level}, sink) {
      ctx.signal.throwIfAborted()
      const program = start(['-q', '-c', `-${level}`], options)
      const {reader, writer} = program
      const moving = (ctx: RunContext) => writeChunks(ctx, reader, sink).then(() => 'whole' as const)
      const stage = watchStage(ctx, program, {...options, code: 'send-failed', moving})
      return {
        stream: writer.stream,
        async end(ctx) {
          // The program meets the end of its input; what it still has goes out before the word that this was all.
          writer.close()
          await stage.whole(ctx)
          await writeEnd(ctx, sink)
        },
        stop: stage.stop,
      }
    },

    decompress(ctx, _, source) {
      ctx.signal.throwIfAborted()
      const program = start(['-q', '-d', '-c'], options)
      const {reader, writer} = program
      const moving = (ctx: RunContext) => readChunks(ctx, source, writer).finally(() => writer.close())
      const stage = watchStage(ctx, program, {...options, code: 'receive-failed', moving})
      return {
        stream: reader.stream,
        async end(ctx) {
          // A program that still has something to write does not end well.
          reader.close()
          await stage.whole(ctx)
        },
        stop: stage.stop,
      }
    },
  }
}

/** One that must not be started counts as none: whoever wants it is told why when it is to be started. */
function isInstalled(program: string): boolean {
  try {
    return findProgram(program) !== undefined
  } catch (error) {
    if (error instanceof OperationalError) return false
    throw error
  }
}

/** Starts zstd between two pipes, whose outer ends are ours. */
function start(argv: readonly string[], {lockFd, deathSignal, zstd}: StageOptions): Program {
  const path = zstd ?? resolveProgram('zstd')
  const before = createPipe()
  const behind = createPipe()
  try {
    const child = startChild({
      path,
      argv,
      environment: FIXED_ENVIRONMENT,
      stdin: before.reader.stream,
      stdout: behind.writer.stream,
      inherited: lockFd,
      deathSignal: deathSignal?.(),
    })
    return {child, argv: ['zstd', ...argv], writer: before.writer, reader: behind.reader}
  } catch (error) {
    before.writer.close()
    behind.reader.close()
    throw error
  } finally {
    before.reader.close()
    behind.writer.close()
  }
}

type Program = {
  readonly child: Child
  readonly argv: readonly string[]
  readonly writer: PipeWriter
  readonly reader: PipeReader
}

type Watched = {
  /** Resolves when everything has passed and the program has ended well; throws what was wrong. */
  whole(ctx: RunContext): Promise<void>
  stop: StreamStage['stop']
}

/** Runs `moving`, which passes bytes on between the connection and the program, and watches how both end. */
function watchStage(
  ctx: RunContext,
  {child, argv, writer, reader}: Program,
  {
    code,
    moving,
    grace = GRACE,
  }: StageOptions & {
    readonly code: 'send-failed' | 'receive-failed'
    readonly moving: (ctx: RunContext) => Promise<'whole' | 'no-reader'>
  },
): Watched {
  const stopped = new AbortController()
  const stderr = collectTail(child.stderr, MAX_STDERR_BYTES)
  const span = ctx.span.task('zstd', {argv, pid: child.pid})
  const failures: {connection?: OperationalError; program?: OperationalError} = {}
  let state: 'runs' | 'stops' | 'over' = 'runs'

  const moved = moving(withSignal(ctx, stopped.signal))
  moved.catch((error: unknown) => {
    if (state === 'runs' && error instanceof OperationalError) failures.connection = error
  })
  const ended = child.exited.then(async (exit) => {
    const {text} = await stderr.all
    const failure = failureOf(exit, text, code)
    if (failure !== undefined && !(state === 'stops' && exit.signal === 'SIGTERM')) failures.program = failure
    const facts = {...exit, ...child.cpu()}
    ctx.log.of('zfs.cmd').debug('program ended', {argv, pid: child.pid, ...facts})
    span.end(facts)
  })

  function closePipes(): void {
    writer.close()
    reader.close()
  }

  /** What goes wrong on the connection makes the program fail, not the other way round. */
  const failure = () => failures.connection ?? failures.program

  return {
    async whole({signal}) {
      const how = await unlessAborted(signal, Promise.all([moved, ended]))
      if (failures.program !== undefined) throw failures.program
      if (how[0] === 'no-reader') throw new OperationalError(code, 'zstd ended before the stream did')
      state = 'over'
      closePipes()
    },
    async stop() {
      if (state === 'over') return undefined
      state = 'stops'
      // The program first: to close its pipes would be a failure of its own.
      const how = await stopChild(child, ctx.clock, grace)
      if (how === 'gone') await ended
      else
        ctx.log.of('zfs.cmd').error('program does not end, not even by SIGKILL; left behind', {
          pid: child.pid,
          program: 'zstd',
        })
      stopped.abort()
      await moved.catch(() => {})
      closePipes()
      stderr.cancel()
      span.end()
      return failure()
    },
  }
}

/** Rejects with the reason of `signal` before `promise` settles. */
async function unlessAborted<T>(signal: AbortSignal, promise: Promise<T>): Promise<T> {
  signal.throwIfAborted()
  const settled = new AbortController()
  const aborted = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), {once: true, signal: settled.signal})
  })
  try {
    return await Promise.race([promise, aborted])
  } finally {
    settled.abort()
  }
}

function failureOf(
  {exitCode, signal}: Exit,
  said: string,
  code: 'send-failed' | 'receive-failed',
): OperationalError | undefined {
  if (exitCode === 0) return undefined
  const how = signal === undefined ? `failed with exit status ${exitCode}` : `was ended by ${signal}`
  const words = printable(said.trim())
  return new OperationalError(code, `zstd ${how}${words === '' ? '' : `: ${words}`}`)
}
