import {findDataset, type Host, writeBlock} from './pool.ts'
import {runCommand} from './zfs.ts'

/**
 * What somebody else does on a host: a `zfs` command, `write DATASET`, `replace SNAPSHOT` by another one of its name, or
 * `export POOL`.
 * Whether it succeeds is his business: a snapshot of ours may be in his way.
 */
export function actForeign(host: Host, argv: readonly string[]): void {
  const [verb, name = ''] = argv
  const dataset = verb === 'write' ? findDataset(host, name) : undefined
  if (dataset !== undefined) writeBlock(host, dataset, 0)
  if (verb === 'replace' && runCommand(host, ['destroy', name]).exitCode === 0)
    runCommand(host, ['snapshot', name])
  if (verb === 'export') host.pools.delete(name)
  if (!OWN_VERBS.has(verb)) runCommand(host, argv)
}

const OWN_VERBS: ReadonlySet<string | undefined> = new Set(['write', 'replace', 'export'])
