import {writeFileSync} from 'node:fs'
import {STREAM_NAMES} from '../src/lib/host/library-message.ts'
import {type Accounts, startAccounting} from './accounting.ts'

/**
 * Runs in the lab as root: `guest FILESYSTEMS MEGABYTES`. Prints a JSON line for each row of the table. Bare commands and
 * zrepl do the same with the same snapshots, one after the other; after each row the guids of all snapshots have to be
 * equal on both sides, or it ends with an error.
 */
const [count = 20, megabytes = 128] = process.argv.slice(2).map(Number)
const FILESYSTEMS = Array.from({length: count}, (_, index) => `f${index}`)
const OLD_SNAPSHOTS = 5
const KEPT = 2
/** Ways to use zrepl; each has a copy of its own. `library` and `cli` say how ZFS is changed, on both sides. */
const WAYS = ['library', 'cli', 'ssh'] as const
type Way = (typeof WAYS)[number]

/** The shell that runs a script is no part of it. */
const SHELL = 1

/** What our processes call themselves. */
const OUR_NAMES = ['zrepl', ...Object.values(STREAM_NAMES)]
const accounting = startAccounting()
const listing = (dataset: string) =>
  `zfs list -Hp -t snapshot,bookmark -o name,guid,createtxg -s createtxg -r ${dataset} >/dev/null`
const copyOf = (way: Way) => `dst/zrepl/${way}/src`
/** The newest snapshot that everybody has. */
const newest = new Map(FILESYSTEMS.map((name) => [name, `old${OLD_SNAPSHOTS - 1}`]))

prepare()
for (const way of WAYS) {
  measure(
    'nothing to do',
    'one listing of each side',
    `${listing('src/data')}; ${listing(`${copyOf(way)}/data`)}`,
  )
  measureZrepl('nothing to do', way, 'replicate')
}
compareAll('data')

compareIncrements(`1 of ${count} changed`, FILESYSTEMS.slice(0, 1))
compareIncrements(`${count} of ${count} changed`, FILESYSTEMS)

const ranges = FILESYSTEMS.map((name) => `dst/bare/data/${name}@old0%old${OLD_SNAPSHOTS - KEPT}`)
measure(
  'prune the receiver',
  'a destroy of each filesystem',
  `set -e; for r in ${ranges.join(' ')}; do zfs destroy $r; done`,
)
for (const way of WAYS) measureZrepl('prune the receiver', way, 'prune')
for (const way of WAYS) requirePruned(way)

compareStreams()

/** A pool with some history, and copies of it made by hand, from which all go on. */
function prepare(): void {
  sh(`set -e
truncate -s 1G /pool/src && zpool create -O mountpoint=none -O compression=off src /pool/src
truncate -s 1G /pool/dst && zpool create -O mountpoint=none -O compression=off dst /pool/dst
zfs create src/data
for f in ${FILESYSTEMS.join(' ')}; do zfs create -o mountpoint=/mnt/$f src/data/$f; done
for key in bench bare; do ssh-keygen -q -t ed25519 -N '' -f /root/.ssh/id_$key; done
echo "command=\\"/usr/local/bin/zrepl stdinserver ssh --config /etc/zrepl/ssh.yml\\",restrict $(cat /root/.ssh/id_bench.pub)" >>/root/.ssh/authorized_keys
cat /root/.ssh/id_bare.pub >>/root/.ssh/authorized_keys
ssh-keyscan -t ed25519 127.0.0.1 >/root/.ssh/known_hosts 2>/dev/null
mkdir -p /etc/zrepl
`)
  for (const way of WAYS) writeFileSync(`/etc/zrepl/${way}.yml`, configOf(way), {mode: 0o600})
  for (let index = 0; index < OLD_SNAPSHOTS; index += 1) {
    takeSnapshots(FILESYSTEMS, `old${index}`)
    // For `zfs send -R`, which begins at the top.
    sh(`zfs snapshot src/data@old${index}`)
  }
  sh(`set -e
for copy in dst/bare ${WAYS.map(copyOf).join(' ')}; do
  zfs create -p $copy
  zfs send -R src/data@old${OLD_SNAPSHOTS - 1} | zfs receive -u $copy/data
done
`)
  for (const way of WAYS) zrepl(way, 'replicate', 'data')
}

function configOf(way: Way): string {
  const connect =
    way === 'ssh'
      ? '{type: ssh+stdinserver, host: 127.0.0.1, user: root, port: 22, identity_file: /root/.ssh/id_bench}'
      : `{type: local, listener_name: sink, client_identity: ${way}}`
  const job = (name: string, filesystems: string) => `  - name: ${name}
    type: push
    connect: ${connect}
    filesystems: {"${filesystems}": true}
    snapshotting: {type: manual}
    pruning:
      limit: {percent: 100}
      keep_sender: [{type: last_n, count: 100}]
      keep_receiver: [{type: last_n, count: ${KEPT}}]
`
  const serve =
    way === 'ssh' ? '{type: stdinserver, client_identities: [ssh]}' : '{type: local, listener_name: sink}'
  return `global: {zfs: {access: ${way === 'library' ? 'library' : 'cli'}}}
jobs:
${job('data', 'src/data<')}${job('large', 'src/large')}  - name: sink
    type: sink
    root_fs: dst/zrepl
    recv: {placeholder: {encryption: inherit}}
    serve: ${serve}
`
}

/** Users write to these, and take a snapshot of them. */
function takeSnapshots(filesystems: readonly string[], name: string): void {
  sh(`set -e
for f in ${filesystems.join(' ')}; do echo ${name} >>/mnt/$f/file; done
zfs snapshot ${filesystems.map((filesystem) => `src/data/${filesystem}@${name}`).join(' ')}
`)
}

/** One new snapshot of some filesystems: a loop of send and receive, and zrepl with all it does besides. */
function compareIncrements(row: string, filesystems: readonly string[]): void {
  const name = `n${filesystems.length}`
  takeSnapshots(filesystems, name)
  const sends = filesystems.map(
    (one) => `zfs send -i @${newest.get(one)} src/data/${one}@${name} | zfs receive -u dst/bare/data/${one}`,
  )
  measure(row, 'a loop of send | receive', `set -e; ${sends.join('; ')}`)
  for (const way of WAYS) measureZrepl(row, way, 'replicate')
  for (const one of filesystems) newest.set(one, name)
  compareAll('data')
}

/** One large stream into nothing, through a pipe and through ssh. */
function compareStreams(): void {
  sh(`set -e
zfs create -o mountpoint=/mnt/large src/large
head -c ${megabytes}000000 /dev/urandom >/mnt/large/file
zfs snapshot src/large@a
sync
`)
  const row = `one stream of ${megabytes} MB`
  const ssh = 'ssh -i /root/.ssh/id_bare -o BatchMode=yes root@127.0.0.1'
  measure(row, 'send | receive', 'zfs send src/large@a | zfs receive -u -s dst/bare/large')
  sh('zfs destroy -r dst/bare/large')
  for (const way of ['library', 'cli'] as const) {
    measureZrepl(row, way, 'replicate', 'large')
    requireGuids('src/large', `${copyOf(way)}/large`)
    clean(way)
  }
  measure(
    `${row} by ssh`,
    'send | ssh receive',
    `zfs send src/large@a | ${ssh} zfs receive -u -s dst/bare/large`,
  )
  measureZrepl(`${row} by ssh`, 'ssh', 'replicate', 'large')
  requireGuids('src/large', `${copyOf('ssh')}/large`)
}

/** The pools are small. */
function clean(way: Way): void {
  sh(`set -e
zfs release zrepl_last_received_J_sink ${copyOf(way)}/large@a
zfs destroy -r ${copyOf(way)}/large
zfs list -H -t bookmark -o name -r src/large | while read b; do zfs destroy $b; done
`)
}

function zrepl(way: Way, verb: string, job: string): void {
  sh(`zrepl ${verb} ${job} --quiet --config /etc/zrepl/${way}.yml`)
}

function measureZrepl(row: string, way: Way, verb: string, job = 'data'): void {
  measure(row, `zrepl ${way}`, `zrepl ${verb} ${job} --quiet --config /etc/zrepl/${way}.yml`)
}

function measure(row: string, what: string, script: string): void {
  const {result, accounts} = accounting.measure(() => {
    const begun = performance.now()
    sh(script)
    return performance.now() - begun
  })
  console.log(JSON.stringify({row, what, wallMs: Math.round(result), ...figures(accounts)}))
}

function figures(accounts: Accounts) {
  return {
    programs: accounts.programs - SHELL,
    cpuMs: OUR_NAMES.reduce((sum, name) => sum + accounts.cpuMs(name), 0),
    sessions: accounts.count('sshd'),
  }
}

function compareAll(dataset: string): void {
  requireGuids(`src/${dataset}`, `dst/bare/${dataset}`)
  for (const way of WAYS) requireGuids(`src/${dataset}`, `${copyOf(way)}/${dataset}`)
}

function requireGuids(from: string, to: string): void {
  if (guids(from) !== guids(to)) throw new Error(`${to} has not what ${from} has`)
}

/** What is left are the newest, and these are the sender's. */
function requirePruned(way: Way): void {
  for (const name of FILESYSTEMS) {
    const ours = guids(`src/data/${name}`).split('\n')
    const theirs = guids(`${copyOf(way)}/data/${name}`).split('\n')
    if (theirs.length !== KEPT || theirs.join() !== ours.slice(-KEPT).join())
      throw new Error(`${copyOf(way)}/data/${name} has ${theirs.length} snapshots, not the ${KEPT} newest`)
  }
}

function guids(dataset: string): string {
  const list = sh(`zfs list -Hp -t snapshot -o name,guid -s createtxg -r ${dataset}`)
  // Between filesystems the order is that of each pool, and means nothing.
  return list.trim().replaceAll(dataset, '').split('\n').toSorted(byFilesystem).join('\n')
}

function byFilesystem(a: string, b: string): number {
  const [one = '', other = ''] = [a, b].map((line) => line.slice(0, line.indexOf('@')))
  return one < other ? -1 : one > other ? 1 : 0
}

/** Runs a script; throws unless it succeeds. */
function sh(script: string): string {
  const {exitCode, stdout, stderr} = Bun.spawnSync(['sh', '-c', script], {stdout: 'pipe', stderr: 'pipe'})
  if (exitCode !== 0) throw new Error(`exit ${exitCode}: ${script.slice(0, 500)}\n${stdout}${stderr}`)
  return stdout.toString()
}
