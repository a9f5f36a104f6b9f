import {OperationalError} from '../core/errors.ts'
import type {Outcome} from '../zfs/client.ts'
import type {DatasetName} from '../zfs/name.ts'

/** Filesystems that have failed before their first stream, and why. */
export type Failures = Map<DatasetName, OperationalError>

/** Notes which of the filesystems an endpoint was asked about have failed. */
export function noteFailures(
  filesystems: readonly DatasetName[],
  outcomes: readonly Outcome[],
  code: OperationalError['code'],
  what: string,
  failed: Failures,
): void {
  for (const [index, filesystem] of filesystems.entries()) {
    const outcome = outcomes[index]
    if (outcome?.kind === 'done') continue
    failed.set(filesystem, new OperationalError(code, `${what}: ${outcome?.failure.message ?? 'no answer'}`))
  }
}

/** Throws `zfs-failed` unless the only request has been done: no answer is not taken for one. */
export function throwUnlessDone([outcome]: readonly Outcome[], what: string): void {
  if (outcome?.kind === 'done') return
  throw new OperationalError('zfs-failed', `${what}: ${outcome?.failure.message ?? 'no answer'}`)
}
