import {forEachRow} from './for-each-row.ts'
import type {DatasetName} from './name.ts'

/**
 * Reads what `listReceivedCommand(dataset, properties)` printed, decoded as latin1: the names of those properties whose
 * value has come with a stream. Throws `zfs-output` on a row that was not asked for and on everything not understood.
 */
export function readReceived(
  stdout: string,
  dataset: DatasetName,
  properties: readonly string[],
): readonly string[] {
  const received = new Set<string>()
  forEachRow('zfs get', stdout, 3, ([name, property = '', source]) => {
    if (name !== dataset || !properties.includes(property)) return 'this was not asked for'
    if (source !== 'received') return 'this source was not asked for'
    if (received.has(property)) return 'listed twice'
    received.add(property)
    return undefined
  })
  return Array.from(received)
}
