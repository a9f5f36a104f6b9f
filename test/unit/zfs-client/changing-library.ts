import type {CallLibrary} from '../../../src/lib/zfs-client/call-library.ts'
import type {Library} from '../../../src/lib/zfs-client/library.ts'

/** A library that changes things by `call`, and has no answer to anything else. */
export function changingLibrary(call: CallLibrary): Library {
  const unanswered = async () => undefined
  return {call, measure: unanswered, send: unanswered, receive: unanswered}
}
