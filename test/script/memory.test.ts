import {chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {afterAll, beforeAll, describe, expect, test, vi} from 'vitest'
import {encodeStreamHeader} from '../unit/zfs/encode-stream-header.ts'
import {untilEnd} from './run-to-end.ts'

/**
 * Peak memory of the executable and of the server it starts (invariant I14), where `zfs` is a shell script that prints
 * what was written beforehand. Memory is a count: it hardly depends on what else the machine does.
 */
const EXECUTABLE = join(import.meta.dirname, '..', '..', 'dist', 'zrepl')
const MIB = 1024 * 1024
/** Of the receiver, by which one is missing everywhere. */
const FILESYSTEMS = 100
const SNAPSHOTS = 1000
const STREAM_BYTES = 768 * MIB

vi.setConfig({testTimeout: 180_000})

let dir: string

beforeAll(() => {
  dir = mkdtempSync('/var/tmp/zrepl-memory-')
  mkdirSync(join(dir, 'sbin'))
  writeFileSync(join(dir, 'sbin', 'zfs'), ZFS)
  chmodSync(join(dir, 'sbin', 'zfs'), 0o755)
  writeFileSync(join(dir, 'zrepl.yml'), CONFIG, {mode: 0o600})
})

afterAll(() => rmSync(dir, {recursive: true, force: true}))

/** Prints the files `get` and `list` of the world it is in, for the side that is asked about. */
const ZFS = `#!/bin/sh
cd /run/world || exit 1
for root; do :; done
case $root in tank*) side=sender;; *) side=receiver;; esac
case "$*" in
*snapshots_changed*) echo "bad property list: invalid property 'snapshots_changed'" >&2; exit 2;;
'get '*|'list '*)
  grep -q "^$root\t" get.$side || { echo "cannot open '$root': dataset does not exist" >&2; exit 1; }
  case "$*" in
  'list '*) cat list.$side; [ ! -e received ] || cat list.received.$side;;
  *' -d 0 '*) grep "^$root\t" get.$side;;
  *) cat get.$side;;
  esac;;
'send -n '*) ;;
'send '*) cat header; head -c ${STREAM_BYTES} /dev/zero;;
'receive '*) cat >/dev/null; touch received; cat get.received >>get.receiver;;
esac
`

const CONFIG = `global: {zfs: {access: cli}}
jobs:
  - name: offsite
    type: push
    connect: {type: local, listener_name: here, client_identity: me}
    filesystems: {"tank<": true}
    snapshotting: {type: manual}
    pruning: {keep_sender: [{type: last_n, count: 2000}], keep_receiver: [{type: last_n, count: 2000}]}
  - name: backups
    type: sink
    serve: {type: local, listener_name: here}
    root_fs: vault
    recv: {placeholder: {encryption: inherit}}
`

type Listed = {readonly name: string; readonly guids: readonly bigint[]}

function got(datasets: readonly string[]): string {
  return datasets
    .flatMap((name) =>
      [
        ['type', 'filesystem', '-'],
        ['receive_resume_token', '-', '-'],
        ['encryption', 'off', 'default'],
        ['keystatus', '-', '-'],
        ['written', '0', '-'],
        ['zrepl:placeholder', '-', '-'],
      ].map((row) => `${[name, ...row].join('\t')}\n`),
    )
    .join('')
}

function listed(datasets: readonly Listed[]): string {
  return datasets
    .flatMap(({name, guids}) =>
      guids.map((guid) => `${name}@s${guid}\t${guid}\t${guid}\t${1_700_000_000n + guid}\t0\t-\n`),
    )
    .join('')
}

/** Runs zrepl in a world of these files, and returns how it ended and the most memory one of its processes has had. */
async function zreplIn(files: Readonly<Record<string, string | Uint8Array>>, ...words: readonly string[]) {
  const world = mkdtempSync(join(dir, 'world-'))
  for (const [name, content] of Object.entries(files)) writeFileSync(join(world, name), content)
  const script = `mount --bind "$0" /usr/sbin && mount -t tmpfs none /run && mkdir /run/world && mount --bind "$1" /run/world && shift && exec "$@"`
  const zrepl = [EXECUTABLE, ...words, '--json', '--config', join(dir, 'zrepl.yml')]
  const child = Bun.spawn(
    ['unshare', '--map-root-user', '--mount', 'sh', '-c', script, join(dir, 'sbin'), world, ...zrepl],
    {cwd: '/', env: {PATH: '/usr/bin:/bin'}, stdin: 'ignore', stdout: 'pipe', stderr: 'pipe'},
  )
  const ended = await untilEnd(child)
  return {...ended, mib: (child.resourceUsage()?.maxRSS ?? Number.NaN) / MIB}
}

describe('memory is bounded', () => {
  test('where a hundred thousand snapshots are compared', async () => {
    const names = Array.from({length: FILESYSTEMS}, (_, index) => (index === 0 ? 'tank' : `tank/f${index}`))
    const guidsOf = (index: number, count: number) =>
      Array.from({length: count}, (_, at) => BigInt(at * FILESYSTEMS + index + 1))
    const {exitCode, stdout, stderr, mib} = await zreplIn(
      {
        'get.sender': got(names),
        'list.sender': listed(names.map((name, index) => ({name, guids: guidsOf(index, SNAPSHOTS)}))),
        'get.receiver': got(['vault/me', ...names.map((name) => `vault/me/${name}`)]),
        'list.receiver': listed(
          names.map((name, index) => ({
            name: `vault/me/${name}`,
            guids: guidsOf(index, SNAPSHOTS - 1),
          })),
        ),
      },
      'plan',
      'offsite',
    )
    const {replicate} = JSON.parse(stdout)
    const planned = replicate.filesystems.filter(({steps}: {steps: readonly unknown[]}) => steps.length === 1)
    expect([exitCode, stderr, planned.length]).toEqual([0, '', FILESYSTEMS])
    expect(mib).toBeGreaterThan(100)
    // Each side has its listing, the active one both, and each report is a text before it is printed.
    expect(mib).toBeLessThan(1200)
  })

  test('where a stream of a gigabyte goes by', async () => {
    const guid = 77n
    const {exitCode, stdout, stderr, mib} = await zreplIn(
      {
        'get.sender': got(['tank']),
        'list.sender': listed([{name: 'tank', guids: [guid]}]),
        'get.receiver': got(['vault/me']),
        'list.receiver': '',
        'list.received.receiver': listed([{name: 'vault/me/tank', guids: [guid]}]),
        'list.received.sender': '',
        'get.received': got(['vault/me/tank']),
        header: encodeStreamHeader({toguid: guid, toname: `tank@s${guid}`}),
      },
      'replicate',
      'offsite',
    )
    expect(JSON.parse(stdout).replicate.filesystems[0].state).toBe('done')
    expect([exitCode, stderr]).toEqual([0, ''])
    // What the executable takes to do anything, and less than half of what has gone by.
    expect(mib).toBeLessThan(STREAM_BYTES / MIB / 2)
  })
})
