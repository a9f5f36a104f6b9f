import type {OperationalError} from '../core/errors.ts'
import type {Inspect} from '../core/stream.ts'
import {judgeStream, type PlannedStream} from '../zfs/judge-stream.ts'

export type Inspector = {
  readonly inspect: Inspect
  /** Whether the stream that was admitted brings properties. */
  bringsProperties(): boolean
}

/** Admits the planned stream only. `refusal` makes the error for any other, of why it is not the planned one. */
export function createInspector(
  planned: PlannedStream,
  refusal: (because: string) => OperationalError,
): Inspector {
  let properties = false
  return {
    inspect(head) {
      const verdict = judgeStream(head, planned)
      if (verdict.kind === 'refused') throw refusal(verdict.because)
      if (verdict.kind === 'admitted') properties = verdict.properties
      return verdict
    },
    bringsProperties: () => properties,
  }
}
