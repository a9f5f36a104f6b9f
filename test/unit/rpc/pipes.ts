import type {ByteWriter} from '../../../src/lib/core/stream.ts'
import {createPipe, type PipeReader} from '../../../src/lib/host/pipe.ts'

/** One end of a connection made of two kernel pipes. */
export type End = {readonly reader: PipeReader; readonly writer: ByteWriter; hangUp(): void}

/** Two ends joined: what one writes the other reads. */
export function createConnection(): {readonly client: End; readonly server: End} {
  const there = createPipe()
  const back = createPipe()
  return {
    client: {reader: back.reader, writer: there.writer, hangUp: () => there.writer.close()},
    server: {reader: there.reader, writer: back.writer, hangUp: () => back.writer.close()},
  }
}

export const NEVER = new AbortController().signal

export const bytes = (text: string) => new TextEncoder().encode(text)
