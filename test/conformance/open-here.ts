import {besideServing} from '../../src/lib/app/beside-serving.ts'
import {type RunContext, withSignal} from '../../src/lib/core/context.ts'
import {OperationalError} from '../../src/lib/core/errors.ts'
import type {OpenConnection} from '../../src/lib/core/lane.ts'
import {createPipe} from '../../src/lib/host/pipe.ts'
import {greetAsServer} from '../../src/lib/rpc/prelude.ts'
import {type Served, serve} from '../../src/lib/rpc/serve.ts'

const GIVEN_UP = new OperationalError('peer-unreachable', 'the connection was given up', {retryable: true})

/** Two kernel pipes with `serve` at their other ends: what ssh and a process on another host are elsewhere. */
export function openHere(ctx: RunContext, served: Served): OpenConnection {
  return async () => {
    const [there, back] = [createPipe(), createPipe()]
    const stop = new AbortController()
    let complaint = ''
    let listener: (told: Record<string, unknown>) => void = () => {}
    const tell = (line: string) => listener(JSON.parse(line))
    const server = withSignal(ctx, stop.signal)
    const serving = greetAsServer(there.reader, back.writer, server.signal)
      .then(() => serve(server, served, there.reader, back.writer, besideServing(there.reader, tell)))
      .catch((error) => {
        complaint = String(error)
      })
      .finally(() => {
        there.reader.close()
        back.writer.close()
      })
    return {
      reader: back.reader,
      writer: there.writer,
      peer: 'here',
      carrier: undefined,
      greeted: () => {},
      onTold: (told) => {
        listener = told
      },
      hasUnread: () => back.reader.hasUnread(),
      complaint: () => complaint,
      hangUp: () => there.writer.close(),
      async close() {
        there.writer.close()
        await serving
        back.reader.close()
      },
      burn(reason = GIVEN_UP) {
        there.writer.close(reason)
        back.reader.close(reason)
        stop.abort(reason)
      },
      gone: serving.then(() => ({exitCode: 0})),
    }
  }
}
