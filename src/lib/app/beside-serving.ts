import {type Fields, inSpan, type RunContext} from '../core/context.ts'
import {createMovedBytes} from '../host/moved-bytes.ts'
import type {PipeReader} from '../host/pipe.ts'
import type {Beside} from '../rpc/serve.ts'
import {formatTold, type Told} from '../rpc/tell.ts'
import {createRootSpan, randomSpanId} from '../trace/span.ts'

/** What a process that serves a client on `reader` tells it beside its answers, by `write`, and sees of it. */
export function besideServing(reader: PipeReader, write: (line: string) => void): Beside {
  const tell = (told: Told) => write(formatTold(told))
  const movedBytes = createMovedBytes()
  let last = 0n
  return {
    heartbeat: () => tell({told: 'heartbeat'}),
    requestContext(ctx, verb, cause) {
      const keeper = {
        begin: () => {},
        end: ({stack, annotation, startUs, endUs, fields}: Kept) =>
          tell({told: 'span', stack, annotation, startUs, endUs, fields}),
      }
      const options = {...ctx, newId: randomSpanId, onMisuse: warnOf(ctx)}
      const kept = cause?.told === true ? {...options, keeper} : options
      return inSpan(ctx, createRootSpan(kept, `serve ${verb}`, cause?.span ?? ctx.span.stack))
    },
    hasMoved() {
      const moved = movedBytes()
      if (moved === undefined) return undefined
      const before = last
      last = moved.any
      return reader.hasUnread() || last > before
    },
  }
}

type Kept = Omit<Extract<Told, {told: 'span'}>, 'told'>

function warnOf({log}: RunContext): (mistake: string, fields: Fields) => void {
  return (mistake, fields) => log.of('trace.data').warn(mistake, fields)
}
