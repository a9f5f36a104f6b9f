import type {OperationalError} from '../core/errors.ts'
import type {Inspect} from '../core/stream.ts'
import {judgeStream, type PlannedStream} from '../zfs/judge-stream.ts'

/** Admits the planned stream only. `refusal` makes the error for any other, of why it is not the planned one. */
export function inspectorOf(planned: PlannedStream, refusal: (because: string) => OperationalError): Inspect {
  return (head) => {
    const verdict = judgeStream(head, planned)
    if (verdict.kind === 'refused') throw refusal(verdict.because)
    return verdict
  }
}
