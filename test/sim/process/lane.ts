import {inSpan} from '../../../src/lib/core/context.ts'
import {OperationalError, Stopped} from '../../../src/lib/core/errors.ts'
import type {LaneConnection} from '../../../src/lib/core/lane.ts'
import type {ByteReader, ByteWriter} from '../../../src/lib/core/stream.ts'
import {greetAsServer} from '../../../src/lib/rpc/prelude.ts'
import {type Beside, type Served, serve} from '../../../src/lib/rpc/serve.ts'
import {byteReader, byteWriter, createPipe, type End, sever} from './pipe.ts'
import type {Process} from './process.ts'

/** How long the other process may take to go once we have said that we are through. */
const CLOSE_MS = 10_000

export type LaneOptions = {
  readonly active: Process
  readonly passive: Process
  /** The endpoint of the passive side. */
  readonly served: Served
  readonly capacity: number
  readonly fdOf: (end: End) => number
  /** Comes before each frame on either pipe; what it returns comes after. */
  readonly onWrite: () => () => void
  /** Something that must not happen: not the world's failure but a bug. */
  readonly onBug: (error: unknown) => void
  /** The client has hung up, which the passive side may notice now or later. */
  readonly onHangUp: () => void
}

/** A connection that the network may break: what ssh and two pipes are in the world. */
export type SimulatedLane = {
  readonly connection: LaneConnection
  sever(): void
  /** Bytes of streams that it has carried, in either direction. */
  streamed(): number
}

/** Starts `serve` in the passive process, joined with the active one by two pipes. */
export function openLane(options: LaneOptions): SimulatedLane {
  const {active, passive, served, fdOf, onWrite, onBug} = options
  const there = createPipe(options.capacity)
  const back = createPipe(options.capacity)
  for (const end of [there.writer, back.reader]) active.ends.add(end)
  for (const end of [there.reader, back.writer]) passive.ends.add(end)
  const gone = Promise.withResolvers<{exitCode: number | undefined}>()
  let complaint = ''

  function breakOff(): void {
    sever(there.reader.pipe)
    sever(back.reader.pipe)
    options.onHangUp()
  }
  active.onEnd(breakOff)
  passive.onEnd(() => gone.resolve({exitCode: 0}))

  const beside: Beside = {
    heartbeat: () => {
      if (passive.alive() && !there.reader.pipe.severed) listener({told: 'heartbeat'})
    },
    requestContext: (ctx, verb) => inSpan(ctx, ctx.span.child(`serve ${verb}`)),
    hasMoved: () => undefined,
  }
  let listener: (told: Readonly<Record<string, unknown>>) => void = () => {}

  const stdin = byteReader(there.reader, fdOf)
  const stdout = byteWriter(back.writer, fdOf, onWrite)
  const serving = greetAndServe()
  async function greetAndServe(): Promise<void> {
    const [reader, writer] = [readerOf(passive, stdin), writerOf(passive, stdout)]
    await greetAsServer(reader, writer, passive.ctx.signal)
    await serve(passive.ctx, served, reader, writer, beside)
  }
  passive.whileAlive(serving).then(
    () => passive.exit(),
    (error) => {
      complaint = error instanceof Error ? error.message : String(error)
      if (!(error instanceof OperationalError || error instanceof Stopped)) onBug(error)
      passive.exit()
    },
  )

  const reader = byteReader(back.reader, fdOf)
  const writer = byteWriter(there.writer, fdOf, onWrite)

  function burn(
    reason = new OperationalError('peer-unreachable', 'the connection was given up', {retryable: true}),
  ): void {
    writer.close(reason)
    reader.close(reason)
    breakOff()
    gone.resolve({exitCode: undefined})
  }

  async function close(): Promise<void> {
    writer.close(new OperationalError('peer-unreachable', 'the connection is closed', {retryable: true}))
    const waiting = new AbortController()
    await Promise.race([
      gone.promise,
      active.ctx.clock.sleep(CLOSE_MS, waiting.signal).then(
        () => burn(),
        () => {},
      ),
    ])
    waiting.abort()
    await gone.promise
    reader.close()
  }

  let closing: Promise<void> | undefined
  const connection: LaneConnection = {
    reader: readerOf(active, reader),
    writer: writerOf(active, writer),
    peer: `ssh ${passive.host.name}`,
    carrier: undefined,
    greeted: () => {},
    onTold: (told) => {
      listener = (object) => active.alive() && told(object)
    },
    hasUnread: () => back.reader.pipe.length > 0,
    complaint: () => complaint,
    hangUp: () => writer.close(),
    close() {
      closing ??= close()
      return active.whileAlive(closing)
    },
    burn,
    gone: active.whileAlive(gone.promise),
  }
  return {
    connection,
    sever: breakOff,
    streamed: () => there.reader.pipe.streamed + back.reader.pipe.streamed,
  }
}

/** The same ends in the hands of a process that may be killed. */
function readerOf(process: Process, reader: ByteReader): ByteReader {
  return {
    read: (length, signal) => process.whileAlive(reader.read(length, signal)),
    stream: reader.stream,
  }
}

function writerOf(process: Process, writer: ByteWriter): ByteWriter {
  return {
    write: (bytes, signal, taken) => process.whileAlive(writer.write(bytes, signal, taken)),
    stream: writer.stream,
  }
}
