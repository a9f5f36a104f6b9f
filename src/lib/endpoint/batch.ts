import {OperationalError} from '../core/errors.ts'
import type {Outcome} from '../zfs/client.ts'

/** A request worked out to `value`, or the outcome that says why it could not be. */
export type Prepared<T> = {readonly value: T} | {readonly failed: Outcome}

/** Works out every request; one that fails does not stop the others. */
export async function prepareEach<Request, T>(
  requests: readonly Request[],
  prepare: (request: Request) => Promise<T>,
): Promise<readonly Prepared<T>[]> {
  const prepared: Prepared<T>[] = []
  for (const request of requests) {
    try {
      prepared.push({value: await prepare(request)})
    } catch (error) {
      if (!(error instanceof OperationalError)) throw error
      prepared.push({failed: {kind: 'failed', failure: {kind: 'unknown', message: error.message}}})
    }
  }
  return prepared
}

/** The values that could be worked out. */
export function valuesOf<T>(prepared: readonly Prepared<T>[]): readonly T[] {
  return prepared.flatMap((one) => ('value' in one ? [one.value] : []))
}

/** Outcomes of a batch by the object they belong to. Objects without an answer count as failed. */
export function outcomesOf<T extends object>(
  objects: readonly T[],
  outcomes: readonly Outcome[],
): (object: T) => Outcome {
  const byObject = new Map(objects.map((object, index) => [object, outcomes[index]]))
  return (object) =>
    byObject.get(object) ?? {kind: 'failed', failure: {kind: 'unknown', message: 'no answer'}}
}
