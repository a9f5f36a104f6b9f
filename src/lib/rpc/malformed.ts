import {OperationalError} from '../core/errors.ts'
import {printable} from '../core/printable.ts'
import {NameError} from '../zfs/name.ts'

/** A bad name in a frame is the peer's fault. */
export function named<T>(parse: () => T): T {
  try {
    return parse()
  } catch (cause) {
    if (cause instanceof NameError)
      throw new OperationalError('peer-protocol', `the peer sent a bad name: ${cause.message}`, {cause})
    throw cause
  }
}

/** What is thrown for a body that is not as the schema says; `errors` are the validator's. */
export function malformed(
  what: string,
  errors: readonly {instancePath?: string; message?: string}[] | null | undefined,
): OperationalError {
  const first = errors?.[0]
  return new OperationalError(
    'peer-protocol',
    `the peer sent a malformed ${what}: ${printable(`${first?.instancePath ?? ''} ${first?.message ?? ''}`)}`,
  )
}
