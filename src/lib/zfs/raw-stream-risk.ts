/** The first release whose raw streams are received whole by every pool. */
const SOUND = [2, 1, 2] as const

/**
 * What is known to be wrong with raw streams of the kernel module with this version, or nothing: before 2.1.2 a pool with larger
 * sectors than the sender's may receive a copy that cannot be read (openzfs#12762). Of a version that is not understood nothing is
 * known.
 */
export function rawStreamRisk(moduleVersion: string): string | undefined {
  const numbers = /^(\d{1,4})\.(\d{1,4})\.(\d{1,4})(?!\d)/.exec(moduleVersion)?.slice(1).map(Number)
  if (numbers === undefined) return undefined
  const [place] = SOUND.map((sound, index) => (numbers[index] ?? 0) - sound).filter(
    (difference) => difference !== 0,
  )
  if (place === undefined || place > 0) return undefined
  return `raw streams of OpenZFS ${numbers.join('.')} can be received as copies that cannot be read (openzfs#12762): update to ${SOUND.join('.')} or newer`
}
