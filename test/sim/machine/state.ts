import {closeSync, openSync, readFileSync, renameSync, writeFileSync} from 'node:fs'
import {deserialize, serialize} from 'node:v8'
import {tryLock} from '../../../src/lib/host/libc.ts'
import {
  addDataset,
  addPool,
  createHost,
  type Host,
  mustFindDataset,
  type Nature,
  writeBlock,
} from '../pool.ts'
import {PROFILES, type ProfileName} from '../profile.ts'
import {createRandom} from '../random.ts'

/** A machine whose pools are a file: `tank` with data and `vault` for copies of it. What the `zfs` of this folder works on. */
export function createMachine(version: ProfileName, seed = 1): Host {
  const nature: Nature = {random: createRandom(seed), nowMs: Date.now(), writes: 0, taken: new Map()}
  const host = createHost('machine', PROFILES[version], nature)
  addPool(host, 'tank')
  addPool(host, 'vault')
  for (const name of ['tank/data', 'tank/data/a b', 'tank/other', 'vault/backups'])
    addDataset(host, name, 'filesystem')
  addDataset(host, 'tank/data/vol', 'volume')
  writeEverywhere(host)
  return host
}

/** A user writes a block of each dataset below `tank/data`. */
export function writeEverywhere(host: Host): void {
  for (const name of ['tank/data', 'tank/data/a b', 'tank/data/vol'])
    writeBlock(host, mustFindDataset(host, name), host.nature.writes % 5)
}

/**
 * Lets `work` look at the machine in `file` and change it, alone among all processes; its clock is the real one. The file
 * is replaced as a whole: who is killed has changed nothing.
 */
export function withMachine<T>(file: string, work: (host: Host) => T): T {
  const fd = openSync(`${file}.lock`, 'a')
  try {
    while (tryLock(fd) === 'busy') Bun.sleepSync(1)
    const host: Host = deserialize(readFileSync(file))
    host.nature.nowMs = Math.max(host.nature.nowMs, Date.now())
    const result = work(host)
    saveMachine(file, host)
    return result
  } finally {
    closeSync(fd)
  }
}

export function saveMachine(file: string, host: Host): void {
  writeFileSync(`${file}.new`, serialize(host))
  renameSync(`${file}.new`, file)
}
