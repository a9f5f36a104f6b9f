import {measure} from './guest/measure.ts'
import {change, OLD_SNAPSHOTS, prepareDeep, preparePools, requireEqual, requirePruned} from './guest/pools.ts'
import {sh} from './guest/shell.ts'
import {
  copyOf,
  countRoundTrips,
  installZrepl,
  isZrepl,
  KEPT,
  rivalCommand,
  type Way,
  ZREPL_WAYS,
  type ZreplWay,
  zreplCommand,
} from './guest/ways.ts'
import type {Wishes} from './measurement.ts'

/**
 * Runs in the lab as root: `guest WISHES`, which are JSON. Prints a line of JSON for each measurement. Bare commands, zrepl
 * and its rivals do the same with the same snapshots, one after the other; after each row the guids of all snapshots
 * have to be equal on both sides, or it ends with an error.
 */
const wishes: Wishes = JSON.parse(process.argv[2] ?? '')
/** Each filesystem of `src/data`, and its snapshots in order. */
const history = new Map(
  Array.from({length: wishes.filesystems}, (_, index) => [
    `f${index}`,
    Array.from({length: OLD_SNAPSHOTS}, (_, index) => `old${index}`),
  ]),
)
const FILESYSTEMS = [...history.keys()]
const ways: readonly Way[] = ['bare', ...ZREPL_WAYS, ...wishes.rivals]

const DEEP_FILESYSTEMS = 4
const DEEP_SNAPSHOTS = 250

installZrepl()
preparePools(FILESYSTEMS, ways)
for (const way of ZREPL_WAYS) sh(zreplCommand(way, 'replicate', 'data'))
compareNothing('nothing to do, after changes', 'data', ways, 1)
compareNothing('nothing to do, once more', 'data', ways, wishes.rounds)
compareIncrements(`1 of ${wishes.filesystems} changed`, FILESYSTEMS.slice(0, 1))
compareIncrements(`${wishes.filesystems} of ${wishes.filesystems} changed`, FILESYSTEMS)
comparePrunes()

compareStreams()

prepareDeep(DEEP_FILESYSTEMS, DEEP_SNAPSHOTS, ['library'])
sh(zreplCommand('library', 'replicate', 'deep'))
const deep = `${DEEP_FILESYSTEMS * DEEP_SNAPSHOTS} snapshots, nothing to do`
compareNothing(`${deep}, after changes`, 'deep', ['library'], 1)
compareNothing(`${deep}, once more`, 'deep', ['library'], wishes.rounds)

/** Both sides have the same snapshots. A run after another one that has changed nothing remembers what it has listed. */
function compareNothing(row: string, dataset: string, ways: readonly Way[], rounds: number): void {
  const list = (from: string) =>
    `zfs list -Hp -t snapshot,bookmark -o name,guid,createtxg -s createtxg -r ${from} >/dev/null`
  for (let round = 0; round < rounds; round += 1) {
    const lists = [list(`src/${dataset}`), list(`${copyOf('library')}/${dataset}`)]
    measure(row, 'one listing of each side', lists.join('; '))
    for (const way of ways) replicate(row, way, dataset)
  }
  requireEqual(dataset, ways)
}

/** One new snapshot of some filesystems: a loop of send and receive, and whoever does more than that. */
function compareIncrements(row: string, filesystems: readonly string[]): void {
  for (let round = 0; round < wishes.rounds; round += 1) {
    const snapshot = `n${filesystems.length}_${round}`
    change(filesystems, snapshot)
    const loop = filesystems.map(
      (one) =>
        `zfs send -i @${history.get(one)?.at(-1)} src/data/${one}@${snapshot} | zfs receive -u ${copyOf('bare')}/data/${one}`,
    )
    measure(row, 'a loop of send | receive', `set -e; ${loop.join('; ')}`)
    for (const way of ways) replicate(row, way, 'data')
    for (const one of filesystems) history.get(one)?.push(snapshot)
  }
  requireEqual('data', ways)
}

/** All but the newest go from the copies. */
function comparePrunes(): void {
  const row = 'prune the receiver'
  const loop = FILESYSTEMS.map((one) => {
    const doomed = history.get(one)?.slice(0, -KEPT) ?? []
    return `zfs destroy ${copyOf('bare')}/data/${one}@${doomed[0]}%${doomed.at(-1)}`
  })
  measure(row, 'a destroy of each filesystem', `set -e; ${loop.join('; ')}`)
  for (const way of ZREPL_WAYS) measureZrepl(row, way, 'prune', 'data')
  for (const way of ['bare', ...ZREPL_WAYS] as const) requirePruned(FILESYSTEMS, way, KEPT)
}

/** One large stream into nothing, through a pipe and through ssh. */
function compareStreams(): void {
  sh(`set -e
zfs create -o mountpoint=/mnt/large src/large
head -c ${wishes.megabytes}000000 /dev/urandom >/mnt/large/file
zfs snapshot src/large@a
sync
`)
  const ssh = 'ssh -i /root/.ssh/id_bare -o BatchMode=yes root@127.0.0.1'
  compareStream('a stream', 'send | receive', 'zfs receive -u -s', ['library', 'cli'])
  compareStream('a stream by ssh', 'send | ssh receive', `${ssh} zfs receive -u -s`, ['ssh'])
}

/** Each copy goes before the next one comes: the pools are small. */
function compareStream(row: string, what: string, receive: string, ways: readonly ZreplWay[]): void {
  for (let round = 0; round < wishes.rounds; round += 1) {
    const bare = `${copyOf('bare')}/large`
    measure(`${row} of ${wishes.megabytes} MB`, what, `zfs send src/large@a | ${receive} ${bare}`)
    requireEqual('large', ['bare'])
    sh(`zfs destroy -r ${bare}`)
    for (const way of ways) {
      replicate(`${row} of ${wishes.megabytes} MB`, way, 'large')
      requireEqual('large', [way])
      sh(`set -e
zfs release zrepl_last_received_J_sink ${copyOf(way)}/large@a
zfs destroy -r ${copyOf(way)}/large
zfs list -H -t bookmark -o name -r src/large | while read -r bookmark; do zfs destroy "$bookmark"; done
`)
    }
  }
}

function replicate(row: string, way: Way, dataset: string): void {
  if (way === 'bare') return
  if (isZrepl(way)) measureZrepl(row, way, 'replicate', dataset)
  else measure(row, way, rivalCommand(way, dataset))
}

function measureZrepl(row: string, way: ZreplWay, verb: 'replicate' | 'prune', dataset: string): void {
  measure(
    row,
    `zrepl ${way}`,
    zreplCommand(way, verb, dataset),
    way === 'traced' ? countRoundTrips : undefined,
  )
}
