import {type RunContext, withSignal} from '../../../src/lib/core/context.ts'
import {OperationalError} from '../../../src/lib/core/errors.ts'
import type {StreamHandle} from '../../../src/lib/core/stream.ts'
import type {StreamStage, StreamStages} from '../../../src/lib/core/stream-stage.ts'
import {type Answer, complained, SILENT} from '../zfs/answer.ts'
import type {Entry} from './entry.ts'
import {
  closeEnd,
  createPipe,
  type End,
  holdEnd,
  readSome,
  unlessClosed,
  type Waiter,
  wake,
  writeSome,
} from './pipe.ts'
import type {Process} from './process.ts'
import {type Director, faultOf, resultOf} from './program.ts'
import {asChild, readFully} from './stream-program.ts'

const LENGTH_BYTES = 4
/** Small, so that a stream takes several. */
const CHUNK_BYTES = 500

/**
 * zstd and what moves its bytes, in one: streams in pieces with their length, as rpc-request.schema.json says. What is
 * compressed is as long as before, and nothing in it shows that it was damaged: only ZFS notices, which is less than zstd
 * does.
 */
export function createSimulatedStages(
  process: Process,
  director: Director,
  {capacity, fdOf}: {readonly capacity: number; readonly fdOf: (end: End) => number},
): StreamStages {
  function start(ctx: RunContext, {argv, code, connection, ours, its, work}: Start): StreamStage {
    const entry = director.begin(process, {argv, mutates: false, stdin: 'none', stdout: 'text'})
    const stopped = new AbortController()
    const input: Input = {isWhole: false}
    process.ends.add(ours)
    const held = holdEnd(ours, fdOf)
    const answer = runStage(withSignal(ctx, stopped.signal), entry, director, {connection, its, input, work})
    const failure = answer.then(
      ({exitCode, stderr}) => (exitCode === 0 ? undefined : new OperationalError(code, stderr.trim())),
      (error: unknown) => {
        if (error instanceof OperationalError) return error
        throw error
      },
    )
    // In a process that was killed nobody waits for it.
    failure.catch(() => {})
    return {
      stream: held.stream,
      async end() {
        input.isWhole = true
        held.close()
        const failed = await process.whileAlive(failure)
        if (failed !== undefined) throw failed
      },
      async stop() {
        stopped.abort()
        wake(its.pipe)
        const failed = await process.whileAlive(failure)
        held.close()
        return failed
      },
    }
  }

  return {
    compressions: () => ['zstd'],
    compress(ctx, _, sink) {
      const {reader: its, writer: ours} = createPipe(capacity)
      return start(ctx, {
        argv: ['zstd', '-c'],
        code: 'send-failed',
        connection: sink,
        ours,
        its,
        work: compress,
      })
    },
    decompress(ctx, _, source) {
      const {reader: ours, writer: its} = createPipe(capacity)
      return start(ctx, {
        argv: ['zstd', '-d', '-c'],
        code: 'receive-failed',
        connection: source,
        ours,
        its,
        work: decompress,
      })
    },
  }
}

type Start = Outer & {
  readonly argv: readonly string[]
  readonly code: 'send-failed' | 'receive-failed'
  readonly ours: End
  readonly work: Work
}
/** `its`: the stage's end of the pipe between it and ZFS. */
type Outer = {readonly connection: StreamHandle; readonly its: End}
type Ends = {readonly connection: End; readonly its: End}
/** Whether what comes before its end is all that was to come. */
type Input = {isWhole: boolean}
type Work = (ends: Ends, entry: Entry, input: Input, waiter: Waiter) => Promise<Answer>

async function runStage(
  ctx: RunContext,
  entry: Entry,
  director: Director,
  {connection, its, input, work}: Outer & {readonly input: Input; readonly work: Work},
): Promise<Answer> {
  const {process} = entry
  entry.stageBytes = 0
  try {
    using lent = connection.lend()
    await director.pause()
    director.before(entry)
    if (!process.alive() || ctx.signal.aborted) return SILENT
    if (entry.faults.some(({kind}) => kind === 'fail' || kind === 'abort')) return complained(['zstd failed'])
    let answer = SILENT
    await asChild(ctx, entry, director.endOf(lent.fd), async (connection, waiter) => {
      answer = await work({connection, its}, entry, input, unlessClosed(waiter, lent))
      return resultOf(answer)
    })
    director.after(entry, resultOf(answer))
    return answer
  } finally {
    entry.isOver = true
    closeEnd(its)
  }
}

async function compress(
  {connection, its}: Ends,
  entry: Entry,
  input: Input,
  waiter: Waiter,
): Promise<Answer> {
  for (;;) {
    const bytes = await readSome(its, CHUNK_BYTES, waiter)
    if (bytes.length === 0) break
    const disturbed = disturb(entry, bytes)
    const isThrough = disturbed.length === 0 || (await writeAll(connection, chunkOf(disturbed), waiter))
    if (!isThrough) return complained(['nobody reads'])
    connection.pipe.streamed += disturbed.length
    if (isDead(entry)) return complained(['zstd was ended by SIGKILL'])
  }
  if (input.isWhole) await writeAll(connection, new Uint8Array(LENGTH_BYTES), waiter)
  return SILENT
}

async function decompress({connection, its}: Ends, entry: Entry, _: Input, waiter: Waiter): Promise<Answer> {
  for (;;) {
    const header = await readFully(connection, LENGTH_BYTES, waiter)
    if (header.length < LENGTH_BYTES) return CUT
    const length = Buffer.from(header).readUInt32BE()
    if (length === 0) return SILENT
    const bytes = await readFully(connection, length, waiter)
    const disturbed = disturb(entry, bytes)
    if (disturbed.length > 0 && !(await writeAll(its, disturbed, waiter))) return complained(['nobody reads'])
    if (isDead(entry)) return complained(['zstd was ended by SIGKILL'])
    if (bytes.length < length) return CUT
  }
}

const CUT = complained(['the connection was cut within a compressed stream'])

/** What the faults of a stage leave of the bytes that come next. */
function disturb(entry: Entry, bytes: Uint8Array): Uint8Array {
  const from = entry.stageBytes ?? 0
  entry.stageBytes = from + bytes.length
  if (faultOf(entry, 'output')?.how === 'empty') return new Uint8Array(0)
  const copy = bytes.slice()
  const at = (faultOf(entry, 'flip')?.byte ?? -1) - from
  if (at >= 0 && at < copy.length) copy[at] = (copy[at] ?? 0) ^ 0x10
  return copy.subarray(0, Math.max(0, (faultOf(entry, 'die')?.bytes ?? Number.POSITIVE_INFINITY) - from))
}

function isDead(entry: Entry): boolean {
  return (faultOf(entry, 'die')?.bytes ?? Number.POSITIVE_INFINITY) <= (entry.stageBytes ?? 0)
}

function chunkOf(bytes: Uint8Array): Uint8Array {
  const chunk = Buffer.alloc(LENGTH_BYTES + bytes.length)
  chunk.writeUInt32BE(bytes.length)
  chunk.set(bytes, LENGTH_BYTES)
  return chunk
}

/** False when nobody reads. */
async function writeAll(end: End, bytes: Uint8Array, waiter: Waiter): Promise<boolean> {
  for (let at = 0; at < bytes.length; ) {
    waiter.check()
    const count = await writeSome(end, bytes.subarray(at), waiter)
    if (count === 0) return false
    at += count
  }
  return true
}
