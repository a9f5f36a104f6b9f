import {findDataset, type Host, writeBlock} from './pool.ts'
import {runCommand} from './zfs.ts'

/**
 * What somebody else does on a host: a `zfs` command, or `write DATASET`. Whether it succeeds is his business: a
 * snapshot of ours may be in his way.
 */
export function actForeign(host: Host, argv: readonly string[]): void {
  const [verb, name = ''] = argv
  const dataset = verb === 'write' ? findDataset(host, name) : undefined
  if (verb !== 'write') runCommand(host, argv)
  else if (dataset !== undefined) writeBlock(host, dataset, 0)
}
