import {type ErrorCode, OperationalError} from '../core/errors.ts'
import {quoted} from '../core/printable.ts'
import type {Outcome} from '../zfs/client.ts'
import {isRefusal} from '../zfs/is-refusal.ts'
import type {DatasetName} from '../zfs/name.ts'
import type {ZfsFailure, ZfsFailureKind} from '../zfs/read-stderr.ts'
import type {ReceiveRequest} from './receiver.ts'

/** Why the snapshot is not there after `zfs receive` has come to `outcome`. */
export function receiveError(
  dataset: DatasetName,
  {to}: Pick<ReceiveRequest, 'to'>,
  outcome: Outcome,
): OperationalError {
  const snapshot = quoted(`${dataset}@${to.name}`)
  if (outcome.kind === 'failed')
    return new OperationalError(
      codeOf(outcome.failure),
      `cannot receive ${snapshot}: ${outcome.failure.message}`,
      {
        hint: HINTS.get(outcome.failure.kind),
        retryable: !isRefusal(outcome.failure),
      },
    )
  return new OperationalError(
    'receive-not-confirmed',
    `${snapshot} with guid ${to.guid} is not there after receive`,
    {
      hint: 'the replication cursor was not moved; the next run looks again',
    },
  )
}

function codeOf({kind}: ZfsFailure): ErrorCode {
  return kind === 'key-not-loaded' ? 'key-not-loaded' : 'receive-failed'
}

const HINTS: ReadonlyMap<ZfsFailureKind, string> = new Map([
  [
    'modified',
    'somebody has changed the copy since it was looked at; the next run tells what to do, and nothing was overwritten',
  ],
  [
    'no-space',
    'make room or raise the quota on the receiver; what has arrived is kept, and the next run continues from there',
  ],
  [
    'key-not-loaded',
    'load the key of the dataset on the receiver (zfs load-key), or send raw (send.encrypted: true)',
  ],
])

/** Why a stream that the head guard has looked at is refused. */
export function notAsAnnounced(
  dataset: DatasetName,
  {to}: Pick<ReceiveRequest, 'to'>,
  because: string,
): OperationalError {
  return new OperationalError(
    'receive-policy',
    `the stream for ${quoted(`${dataset}@${to.name}`)} is not the announced one: ${because}`,
    {hint: 'nothing was received; look at the sender before it is trusted again'},
  )
}
