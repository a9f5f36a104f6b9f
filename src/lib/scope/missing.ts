import type {DatasetName} from '../zfs/name.ts'
import type {Filter} from './filter.ts'

/** The datasets that a filter names and that are not among `listed`, which is everything below its roots. */
export function missingFrom(
  {named}: Filter,
  listed: readonly {readonly name: DatasetName}[],
): readonly DatasetName[] {
  const there = new Set(listed.map(({name}) => name))
  return named.filter((name) => !there.has(name))
}
