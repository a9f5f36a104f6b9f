import type {RunContext} from '../core/context.ts'
import type {StreamHandle} from '../core/stream.ts'
import type {ZfsClient} from '../zfs/client.ts'

/**
 * Lets `write` write into a pipe of its own, and passes on to `sink` what comes out of it, as fast as is allowed. Resolves
 * when all of it has been passed on. Rejects when it cannot be, whatever `write` says of itself.
 */
export type Throttle = <T>(
  ctx: RunContext,
  sink: StreamHandle,
  write: (sink: StreamHandle) => Promise<T>,
) => Promise<T>

/** The client whose streams go out through `throttle`. */
export function limitSends(zfs: ZfsClient, throttle: Throttle): ZfsClient {
  return {...zfs, send: (ctx, args, sink) => throttle(ctx, sink, (sink) => zfs.send(ctx, args, sink))}
}
