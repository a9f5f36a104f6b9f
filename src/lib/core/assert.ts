/** Our own invariant is broken. Caught only at the top: stack trace and exit status 70. */
export class Bug extends Error {
  override readonly name = 'Bug'
}

/** Throws a `Bug` when `condition` does not hold. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Bug(message)
}

/** For the `default` of an exhaustive `switch`: the compiler proves that it cannot be reached. */
export function unreachable(value: never): never {
  throw new Bug(`unreachable: ${JSON.stringify(value)}`)
}

/** A list that has at least one element, so that "nothing to do" cannot be mistaken for work. */
export type NonEmpty<T> = readonly [T, ...T[]]

/** True when `list` has an element. */
export function isNonEmpty<T>(list: readonly T[]): list is NonEmpty<T> {
  return list.length > 0
}
