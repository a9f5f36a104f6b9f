import type {StreamHandle} from '../../src/lib/core/stream.ts'
import {createPipe, type PipeReader} from '../../src/lib/host/pipe.ts'
import type {Outcome, ReceiveArgs, SendArgs} from '../../src/lib/zfs/client.ts'
import {anyFrom, anyTo, numberOf} from '../any-stream.ts'
import type {World} from './world.ts'

/** The first bytes of a stream, and then its end: a connection that is cut. */
export function cutStream(source: StreamHandle, bytes: number): PipeReader {
  const {reader, writer} = createPipe()
  Bun.spawn(['head', '-c', String(bytes)], {
    stdin: numberOf(source),
    stdout: numberOf(writer.stream),
    stderr: 'ignore',
  })
  writer.close()
  return reader
}

/** A pipe that lets `limit` bytes through and then ends; `undefined` lets all through. */
export function createLimitedPipe(limit: number | undefined): {
  readonly sink: ReturnType<typeof createPipe>['writer']
  readonly source: PipeReader
} {
  const {reader, writer} = createPipe()
  if (limit === undefined) return {sink: writer, source: reader}
  const source = cutStream(reader.stream, limit)
  reader.close()
  return {sink: writer, source}
}

/** `zfs send | zfs receive` through our client; how each ended. */
export async function sendAndReceive(
  {ctx, zfs}: World,
  send: SendArgs,
  receive: Omit<ReceiveArgs, 'inherit' | 'override'>,
  limit?: number,
): Promise<{readonly sent: Outcome; readonly received: Outcome}> {
  const {sink, source} = createLimitedPipe(limit)
  const [sent, received] = await Promise.all([
    zfs.send(ctx, send, anyTo(sink.stream)).finally(() => sink.close()),
    zfs
      .receive(ctx, {...receive, inherit: [], override: new Map()}, anyFrom(source.stream))
      .finally(() => source.close()),
  ])
  return {sent, received}
}
