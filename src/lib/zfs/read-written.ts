import {forEachRow} from './for-each-row.ts'
import type {DatasetName} from './name.ts'

/**
 * Reads what `listWrittenCommand(datasets)` printed, decoded as latin1: bytes written since the newest snapshot of each
 * (zfsprops(7), `written`). Pools too old to know have no entry.
 * Throws `zfs-output` on a dataset that was not asked for or comes twice, and everything not understood.
 */
export function readWritten(
  stdout: string,
  datasets: readonly DatasetName[],
): ReadonlyMap<DatasetName, bigint> {
  const asked = new Map<string, DatasetName>(datasets.map((dataset) => [dataset, dataset]))
  const seen = new Set<DatasetName>()
  const written = new Map<DatasetName, bigint>()
  forEachRow('zfs list', stdout, 2, ([name = '', text = '']) => {
    const dataset = asked.get(name)
    if (dataset === undefined) return 'this dataset was not asked for'
    if (seen.has(dataset)) return 'listed twice'
    seen.add(dataset)
    if (text === '-') return undefined
    if (!/^(0|[1-9][0-9]{0,19})$/.test(text)) return 'bad written'
    written.set(dataset, BigInt(text))
    return undefined
  })
  return written
}
