import {OperationalError} from '../core/errors.ts'
import {quoted} from '../core/printable.ts'
import type {Refusal, Sending} from '../plan/observation.ts'
import type {SendPolicy} from '../plan/policy.ts'
import type {SendFlags} from '../zfs/client.ts'
import type {Dataset} from '../zfs/dataset.ts'

/**
 * What this policy makes of `dataset` (zrepl's matrix of filesystem encrypted × `encrypted` × `raw`): `encrypted` demands
 * native encryption and sends raw; `raw` alone forbids it; an encrypted filesystem that is not sent raw is decrypted on
 * the way, which needs its key.
 */
export function sendingOf(policy: SendPolicy, dataset: Dataset): Sending {
  const name = quoted(dataset.name)
  if (policy.encrypted && !dataset.encrypted) {
    return refused({
      code: 'send-policy',
      message: `send.encrypted is set, but ${name} is not encrypted`,
      hint: 'encrypt the filesystem, or give it a job with send.encrypted: false',
    })
  }
  if (policy.raw && dataset.encrypted && !policy.encrypted) {
    return refused({
      code: 'send-policy',
      message: `send.raw is set without send.encrypted, but ${name} is encrypted`,
      hint: 'set send.encrypted: true to send it raw',
    })
  }
  if (dataset.encrypted && !policy.encrypted && !dataset.keyLoaded) {
    return refused({
      code: 'key-not-loaded',
      message: `the key of ${name} is not loaded, and it is to be sent decrypted`,
      hint: 'load the key (zfs load-key) or send raw (send.encrypted: true)',
    })
  }
  return {kind: 'allowed', raw: dataset.encrypted && policy.encrypted}
}

/** The flags for sending `dataset` under this policy. Throws the code of its refusal where policy forbids the stream. */
export function flagsFor(policy: SendPolicy, dataset: Dataset): SendFlags {
  const sending = sendingOf(policy, dataset)
  if (sending.kind === 'refused') throw new OperationalError(sending.code, sending.message, sending)
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

function refused(refusal: Refusal): Sending {
  return {kind: 'refused', ...refusal}
}
