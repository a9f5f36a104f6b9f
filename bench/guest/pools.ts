import {sh} from './shell.ts'
import {copyOf, type Way} from './ways.ts'

export const OLD_SNAPSHOTS = 10

/** Two pools; in `src/data` the filesystems, each with some history, and a copy of it for everybody. */
export function preparePools(filesystems: readonly string[], ways: readonly Way[]): void {
  sh(`set -e
truncate -s 1G /pool/src && zpool create -O mountpoint=none -O compression=off src /pool/src
truncate -s 1G /pool/dst && zpool create -O mountpoint=none -O compression=off dst /pool/dst
zfs create src/data
for f in ${filesystems.join(' ')}; do zfs create -o mountpoint=/mnt/$f src/data/$f; done
`)
  for (let index = 0; index < OLD_SNAPSHOTS; index += 1) {
    write(filesystems, `old${index}`)
    sh(`zfs snapshot -r src/data@old${index}`)
  }
  copyAll('data', `old${OLD_SNAPSHOTS - 1}`, ways)
}

/** Few filesystems with many snapshots each, `src/deep`, and copies of it. */
export function prepareDeep(filesystems: number, snapshots: number, ways: readonly Way[]): void {
  sh(`set -e
zfs create src/deep
for f in $(seq ${filesystems}); do zfs create src/deep/f$f; done
for s in $(seq ${snapshots}); do zfs snapshot -r src/deep@s$s; done
`)
  copyAll('deep', `s${snapshots}`, ways)
}

function copyAll(dataset: string, newest: string, ways: readonly Way[]): void {
  for (const copy of ways.map(copyOf)) {
    sh(`set -e
zfs list ${copy} >/dev/null 2>&1 || zfs create -p ${copy}
zfs send -R src/${dataset}@${newest} | zfs receive -u ${copy}/${dataset}
`)
  }
}

/** Users write to these, and a snapshot of each is taken. */
export function change(filesystems: readonly string[], snapshot: string): void {
  write(filesystems, snapshot)
  sh(`zfs snapshot ${filesystems.map((filesystem) => `src/data/${filesystem}@${snapshot}`).join(' ')}`)
}

function write(filesystems: readonly string[], line: string): void {
  sh(`for f in ${filesystems.join(' ')}; do echo ${line} >>/mnt/$f/file; done`)
}

/** Every row ends with this: whoever has not got everything is not in the table. */
export function requireEqual(dataset: string, ways: readonly Way[]): void {
  const there = guids(`src/${dataset}`)
  for (const way of ways) {
    if (guids(`${copyOf(way)}/${dataset}`) !== there)
      throw new Error(`${copyOf(way)}/${dataset} has not what src/${dataset} has`)
  }
}

/** What is left is the newest `kept` of each filesystem, and these are the sender's. */
export function requirePruned(filesystems: readonly string[], way: Way, kept: number): void {
  for (const name of filesystems) {
    const ours = guids(`src/data/${name}`).split('\n')
    const theirs = guids(`${copyOf(way)}/data/${name}`).split('\n')
    if (theirs.length !== kept || theirs.join() !== ours.slice(-kept).join())
      throw new Error(`${copyOf(way)}/data/${name} has ${theirs.length} snapshots, not the ${kept} newest`)
  }
}

/** Names and guids below `dataset`, in an order that is the same on every pool. */
function guids(dataset: string): string {
  const list = sh(`zfs list -Hp -t snapshot -o name,guid -s createtxg -r ${dataset}`)
  return list.trim().replaceAll(dataset, '').split('\n').toSorted(byFilesystem).join('\n')
}

function byFilesystem(a: string, b: string): number {
  const [one = '', other = ''] = [a, b].map((line) => line.slice(0, line.indexOf('@')))
  return one < other ? -1 : one > other ? 1 : 0
}
