import {readFileSync, writeFileSync} from 'node:fs'
import type {Rival} from '../measurement.ts'
import {sh} from './shell.ts'

/**
 * Ways to use zrepl. `library` and `cli` say how ZFS is reached, on both sides; by ssh it is by the library, and `traced` is
 * `library` with a trace.
 */
export const ZREPL_WAYS = ['library', 'traced', 'cli', 'ssh'] as const
export type ZreplWay = (typeof ZREPL_WAYS)[number]

/** Everybody who keeps a copy of `src/data` and brings it up to date. */
export type Way = 'bare' | ZreplWay | Rival

const TRACE = '/run/bench-trace.json'

/** How many of the newest snapshots a prune of a copy leaves. */
export const KEPT = 2

/** Where a way keeps its copy of `src`. */
export function copyOf(way: Way): string {
  return isZrepl(way) ? `dst/zrepl/${way}/src` : `dst/${way}`
}

export function isZrepl(way: Way): way is ZreplWay {
  return (ZREPL_WAYS as readonly string[]).includes(way)
}

/** Keys for ssh to this very machine: one for a shell, and one that sshd answers with `zrepl stdinserver`. */
export function installZrepl(): void {
  sh(`set -e
mkdir -p /etc/zrepl
for key in bench bare; do ssh-keygen -q -t ed25519 -N '' -f /root/.ssh/id_$key; done
echo "command=\\"/usr/local/bin/zrepl stdinserver ssh --config /etc/zrepl/ssh.yml\\",restrict $(cat /root/.ssh/id_bench.pub)" >>/root/.ssh/authorized_keys
cat /root/.ssh/id_bare.pub >>/root/.ssh/authorized_keys
ssh-keyscan -t ed25519 127.0.0.1 >/root/.ssh/known_hosts 2>/dev/null
`)
  for (const way of ZREPL_WAYS) writeFileSync(`/etc/zrepl/${way}.yml`, configOf(way), {mode: 0o600})
}

/** The command line that runs a way's job for `src/DATASET`. */
export function zreplCommand(way: ZreplWay, verb: 'replicate' | 'prune', dataset: string): string {
  const trace = way === 'traced' ? ` --trace ${TRACE}` : ''
  return `zrepl ${verb} ${way}-${dataset} --quiet --config /etc/zrepl/${way}.yml${trace}`
}

/** Requests of the last traced run. */
export function countRoundTrips(): number {
  const events: readonly {readonly ph: string; readonly name: string}[] = JSON.parse(
    readFileSync(TRACE, 'utf8'),
  )
  return events.filter(({ph, name}) => ph === 'X' && name.startsWith('request ')).length
}

/** What brings a rival's copy up to date; none of them takes snapshots, compresses or buffers here. */
export function rivalCommand(rival: Rival, dataset: string): string {
  const [from, to] = [`src/${dataset}`, `${copyOf(rival)}/${dataset}`]
  switch (rival) {
    case 'syncoid':
      return `syncoid -r --no-sync-snap --no-rollback --no-privilege-elevation --compress=none --quiet --recvoptions=u ${from} ${to}`
    case 'bzfs':
      return `PYTHONPATH=/usr/local/lib/bzfs.whl python3 -m bzfs_main.bzfs ${from} ${to} --recursive --quiet --compression-program=- --mbuffer-program=- --pv-program=-`
  }
}

function configOf(way: ZreplWay): string {
  const connect =
    way === 'ssh'
      ? '{type: ssh+stdinserver, host: 127.0.0.1, user: root, port: 22, identity_file: /root/.ssh/id_bench, dial_timeout: 60s}'
      : `{type: local, listener_name: sink, client_identity: ${way}}`
  const job = (dataset: string) => `  - name: ${way}-${dataset}
    type: push
    connect: ${connect}
    filesystems: {"src/${dataset}<": true}
    snapshotting: {type: manual}
    pruning:
      limit: {percent: 100}
      keep_sender: [{type: last_n, count: 1000}]
      keep_receiver: [{type: last_n, count: ${KEPT}}]
`
  const serve =
    way === 'ssh' ? '{type: stdinserver, client_identities: [ssh]}' : '{type: local, listener_name: sink}'
  return `global: {zfs: {access: ${way === 'cli' ? 'cli' : 'library'}}}
jobs:
${['data', 'deep', 'large'].map(job).join('')}  - name: sink
    type: sink
    root_fs: dst/zrepl
    recv: {placeholder: {encryption: inherit}}
    serve: ${serve}
`
}
