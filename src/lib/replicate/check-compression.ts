import {OperationalError} from '../core/errors.ts'
import type {Compression} from '../core/stream-stage.ts'
import type {EndpointView} from '../endpoint/view.ts'

/** Throws `host` unless both sides can do what the job wants: before anything is held, sent or received for it. */
export function checkCompression(
  compression: Compression | undefined,
  views: {readonly sender: EndpointView; readonly receiver: EndpointView},
): void {
  if (compression === undefined) return
  const {type} = compression
  for (const side of ['sender', 'receiver'] as const) {
    if (views[side].compressions.includes(type)) continue
    throw new OperationalError('host', `replication.compression: there is no ${type} on the ${side}`, {
      hint: `install the package ${type} there, or take replication.compression out of the job`,
    })
  }
}
