/**
 * What all of them come to. When one fails, that is thrown, but not before the others have ended too: nothing goes on behind
 * the back of whoever waits.
 */
export async function waitForAll<T extends readonly unknown[]>(
  works: T,
): Promise<{-readonly [K in keyof T]: Awaited<T[K]>}> {
  await Promise.allSettled(works)
  return await Promise.all(works)
}
