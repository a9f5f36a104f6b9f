/** Pseudo-random numbers, the same for the same seed on every machine. Plain data, so that a world can be copied. */
export type Random = {state: number}

export function createRandom(seed: number): Random {
  return {state: seed >>> 0}
}

/** Uniform in 0…2^32-1 (mulberry32). */
export function nextUint32(random: Random): number {
  random.state = (random.state + 0x6d2b79f5) >>> 0
  let mixed = random.state
  mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1)
  mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
  return (mixed ^ (mixed >>> 14)) >>> 0
}

/** Uniform in 0…limit-1. */
export function below(random: Random, limit: number): number {
  return Math.floor((nextUint32(random) / 2 ** 32) * limit)
}

/** One of `list`, which must not be empty. */
export function oneOf<T>(random: Random, list: readonly T[]): T {
  const chosen = list[below(random, list.length)]
  if (chosen === undefined) throw new Error('nothing to choose from')
  return chosen
}

/**
 * A guid as decimal text. Most are beyond 2^63, nearly all beyond 2^53, and every third is a neighbour of one of
 * `earlier`, which a program that takes them for numbers cannot tell apart (semantics 4).
 */
export function newGuid(random: Random, earlier: Iterable<string>): string {
  const known = new Set(earlier)
  for (;;) {
    const guid = drawGuid(random, Array.from(known).slice(-12))
    if (!known.has(guid)) return guid
  }
}

function drawGuid(random: Random, earlier: readonly string[]): string {
  if (earlier.length > 0 && below(random, 3) === 0) return (BigInt(oneOf(random, earlier)) + 1n).toString()
  const bits = (BigInt(nextUint32(random)) << 32n) | BigInt(nextUint32(random))
  const size = below(random, 10)
  if (size < 6) return ((bits >> 1n) | (1n << 63n)).toString()
  if (size < 9) return ((bits >> 2n) | (1n << 54n)).toString()
  return ((bits & 0xffffffffn) | 1n).toString()
}
