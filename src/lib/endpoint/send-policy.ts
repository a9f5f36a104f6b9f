import {OperationalError} from '../core/errors.ts'
import {quoted} from '../core/printable.ts'
import type {SendPolicy} from '../plan/policy.ts'
import type {SendFlags} from '../zfs/client.ts'
import type {Dataset} from '../zfs/dataset.ts'

/**
 * The flags for sending `dataset` under this policy. Throws `send-policy` where policy forbids the stream:
 * `encrypted` demands native encryption, `raw` alone forbids it (zrepl's matrix of encrypted × raw).
 */
export function flagsFor(policy: SendPolicy, dataset: Dataset): SendFlags {
  if (policy.encrypted && !dataset.encrypted) {
    throw new OperationalError(
      'send-policy',
      `send.encrypted is set, but ${quoted(dataset.name)} is not encrypted`,
      {
        hint: 'encrypt the filesystem, or give it a job with send.encrypted: false',
      },
    )
  }
  if (policy.raw && dataset.encrypted && !policy.encrypted) {
    throw new OperationalError(
      'send-policy',
      `send.raw is set without send.encrypted, but ${quoted(dataset.name)} is encrypted`,
      {
        hint: 'set send.encrypted: true to send it raw',
      },
    )
  }
  return {
    raw: policy.encrypted || policy.raw,
    properties: policy.sendProperties,
    backupProperties: policy.backupProperties,
    largeBlocks: policy.largeBlocks,
    compressed: policy.compressed,
    embedded: policy.embeddedData,
    saved: policy.saved,
  }
}
