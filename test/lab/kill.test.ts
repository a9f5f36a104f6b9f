import {afterAll, beforeAll, expect, test} from 'vitest'
import {type Lab, openLab} from './lab.ts'
import {bookmarks, guidHex, holds, snapshots, zrepl} from './scenario.ts'

let lab: Lab
let src: string
let dst: string
let destroy: () => Promise<void>

const CONFIG = '/etc/zrepl/kill.yml'
const FILESYSTEMS = ['data', 'data/a b'] as const
const received = (filesystem: string) => `${dst}/backups/killed/${src}/${filesystem}`

beforeAll(async () => {
  lab = await openLab()
  ;({src, dst, destroy} = await lab.pools())
  // The guest is slow, and more so beside others.
  const connect = `${await lab.authorize('killed', CONFIG)}\n      dial_timeout: 90s`
  await lab.ok(`zfs create ${src}/data && zfs create '${src}/data/a b' && zfs create ${dst}/backups`)
  const slowJob = (name: string, filesystem: string) => `  - name: ${name}
    type: push
${connect}
    filesystems: {"${src}/${filesystem}": true}
    send: {bandwidth_limit: {max: 1 MiB}}
    replication: {protection: {initial: guarantee_nothing, incremental: guarantee_nothing}}
    snapshotting: {type: manual}
    pruning:
      keep_sender: [{type: last_n, count: 100}]
      keep_receiver: [{type: last_n, count: 100}]`
  await lab.writeFile(
    CONFIG,
    `global: {zfs: {access: cli}}
jobs:
  - name: offsite
    type: push
${connect}
    filesystems: {"${src}/data<": true}
    snapshotting: {type: manual}
    pruning:
      keep_sender: [{type: last_n, count: 100}]
      keep_receiver: [{type: last_n, count: 100}]
${slowJob('slow', 'data')}
${slowJob('slower', 'data/a b')}
  - name: backups
    type: sink
    root_fs: ${dst}/backups
    recv: {placeholder: {encryption: inherit}}
    serve: {type: stdinserver, client_identities: [killed]}
`,
  )
  // A zfs that kills every zrepl, on both sides, when it is asked for what the file names; and then does not do it.
  await lab.ok(`real=$(readlink -f /usr/sbin/zfs)
mv $real $real.real
cat >$real <<'WRAPPER'
#!/bin/sh
if [ -s /run/kill-at ] && printf '%s\\n' "$*" | grep -qE -f /run/kill-at; then
  : >/run/kill-at
  pkill -KILL -x zrepl
  exit 1
fi
exec "$0.real" "$@"
WRAPPER
chmod 755 $real
`)
})

afterAll(async () => {
  await lab?.ok('real=$(readlink -f /usr/sbin/zfs); mv $real.real $real\n')
  await destroy?.()
  await lab?.close()
})

let round = 0

/** One new snapshot of each filesystem, and a run that is killed where `zfs` is called with these words. */
async function killAt(words: string): Promise<void> {
  round += 1
  await lab.ok(
    `for fs in data 'data/a b'; do echo ${round} >>"/mnt/${src}/$fs/file"; done; zfs snapshot -r ${src}/data@round${round}\n`,
  )
  await lab.ok(`printf '%s\\n' '${words}' >/run/kill-at\n`)
  const killed = await lab.sh(`zrepl replicate offsite --config ${CONFIG}\n`)
  expect(killed.exitCode, killed.stderr).toBe(137)
  expect(await lab.ok('cat /run/kill-at\n')).toBe('')
  await lab.ok('until ! pgrep -x zrepl >/dev/null && ! pgrep -f zfs.real >/dev/null; do :; done\n')
}

/** Whatever a run has started on either side, by what its command line looks like; sshd's child of such a session included. */
const OURS = 'zrepl|zfs[.]real|ssh .*BatchMode|setpriv'

/** No process of a run is left, neither at once nor after a while: what is still there after half a minute is printed. */
async function expectNothingLeft(): Promise<void> {
  const left = await lab.ok(`end=$(($(date +%s) + 30))
while ps -eo pid=,stat=,args= | grep -E '${OURS}' | grep -vE ' grep -|ps -eo' >/run/left; do
  [ "$(date +%s)" -lt $end ] || break
done
cat /run/left\n`)
  expect(left).toBe('')
}

/** Everything is on the receiver, one cursor and one hold stand at the newest, and nothing else of ours is left. */
async function expectInOrder(): Promise<void> {
  for (const name of FILESYSTEMS) {
    const ours = await snapshots(lab, `${src}/${name}`)
    expect(await snapshots(lab, received(name))).toEqual(ours)
    const [newest = '', guid = ''] = ours.at(-1)?.split(' ') ?? []
    expect(await bookmarks(lab, `${src}/${name}`)).toEqual([`zrepl_CURSOR_G_${guidHex(guid)}_J_offsite`])
    expect(await holds(lab, `${src}/${name}`)).toEqual([])
    expect(await holds(lab, received(name))).toEqual([`${newest} zrepl_last_received_J_backups`])
  }
}

test.each([
  ['before the first receive', '^receive '],
  ['before the first hold', '^hold zrepl_STEP'],
  ['in the middle of an increment', '^receive .*a b@'],
  ['when it is received, but not yet held (K6)', '^hold zrepl_last_received'],
  ['when it is held, but the older hold is still there (K7)', '^release zrepl_last_received'],
  ['when it is held, but the cursor has not moved (K8)', '^bookmark '],
  ['when the cursor has moved, but the older one is still there (K9)', '^destroy .*#zrepl_CURSOR'],
  ['when only the step holds are left (K10)', '^release zrepl_STEP'],
])('killed %s, the next run leaves everything in order', async (_, words) => {
  await killAt(words)
  const {exitCode, stderr} = await zrepl(lab, `replicate offsite --config ${CONFIG}`)
  expect({exitCode, stderr}).toEqual({exitCode: 0, stderr: ''})
  await expectInOrder()
})

test('what was received before the kill is not sent again', async () => {
  await killAt('^bookmark ')
  const {report} = await zrepl(lab, `replicate offsite --config ${CONFIG}`)
  const [first] = report.replicate?.filesystems ?? []
  expect(first).toMatchObject({
    state: 'up-to-date',
    steps: [],
    because: `finished what an earlier run had left at @round${round}`,
  })
})

test('stopped by SIGTERM in the middle of a stream, it says so, leaves no child, and the next run continues', async () => {
  await lab.ok(`head -c 80000000 /dev/urandom >/mnt/${src}/data/film && zfs snapshot ${src}/data@film\n`)
  const {stdout, stderr, exitCode} = await lab.sh(`before=$(zpool list -Hp -o allocated ${dst})
zrepl replicate offsite --json --config ${CONFIG} &
run=$!
until [ "$(zpool list -Hp -o allocated ${dst})" -gt $((before + 10000000)) ]; do kill -0 $run || exit 99; done
kill -TERM $run
wait $run
status=$?
until ! pgrep -f zfs.real >/dev/null; do :; done
exit $status
`)
  expect(exitCode).toBe(6)
  expect(JSON.parse(stdout)).toMatchObject({
    exitStatus: 6,
    error: {code: 'stopped', message: 'stopped by SIGTERM'},
  })
  expect(stderr).toContain('stopped by SIGTERM')

  const {report} = await zrepl(lab, `replicate offsite --config ${CONFIG}`)
  expect(report.exitStatus).toBe(0)
  expect(report.replicate?.filesystems[0]?.steps.map(({to, resumed}) => `${to} ${resumed}`)).toEqual([
    '@film true',
  ])
  expect((await snapshots(lab, received('data'))).at(-1)).toMatch(/^film /)
})

test('killed in the middle of a series of snapshots: what has arrived stays, and the next run goes on within it', async () => {
  const before = (await snapshots(lab, `${src}/data`)).at(-1)?.split(' ') ?? []
  const [newest = '', guid = ''] = before
  const names = Array.from({length: 15}, (_, index) => `s${index + 1}`)
  await lab.ok(`for s in ${names.join(' ')}; do
  for fs in data 'data/a b'; do echo $s >>"/mnt/${src}/$fs/file"; done
  if [ $s = s8 ]; then head -c 60000000 /dev/urandom >/mnt/${src}/data/series; fi
  zfs snapshot -r ${src}/data@$s
done\n`)
  const [, start = ''] = (await snapshots(lab, `${src}/data/a b`)).at(-16)?.split(' ') ?? []
  await lab.ok(`before=$(zpool list -Hp -o allocated ${dst})
zrepl replicate offsite --config ${CONFIG} >/run/series.log 2>&1 &
until [ "$(zpool list -Hp -o allocated ${dst})" -gt $((before + 10000000)) ]; do kill -0 $! || { cat /run/series.log; exit 99; }; done
pkill -KILL -x zrepl
until ! pgrep -x zrepl >/dev/null && ! pgrep -f zfs.real >/dev/null; do :; done
[ "$(zfs get -Hp -o value receive_resume_token '${received('data')}')" != - ]\n`)

  const arrived = (await snapshots(lab, received('data'))).slice(-8)
  expect(arrived.map((line) => line.split(' ')[0])).toEqual([newest, ...names.slice(0, 7)])
  const held = [newest, ...names].map((name) => `${name} zrepl_STEP_J_offsite`)
  expect(await holds(lab, `${src}/data`)).toEqual(held)
  expect(await holds(lab, `${src}/data/a b`)).toHaveLength(16)
  expect(await bookmarks(lab, `${src}/data`)).toEqual([`zrepl_CURSOR_G_${guidHex(guid)}_J_offsite`])
  expect(await bookmarks(lab, `${src}/data/a b`)).toEqual([`zrepl_CURSOR_G_${guidHex(start)}_J_offsite`])
  expect(await holds(lab, received('data'))).toEqual([`${newest} zrepl_last_received_J_backups`])

  const {report, exitCode} = await zrepl(lab, `replicate offsite --config ${CONFIG}`)
  expect(exitCode).toBe(0)
  expect(
    report.replicate?.filesystems.map(({steps}) =>
      steps.map(({to, state, resumed}) => `${to} ${state}${resumed ? ' resumed' : ''}`),
    ),
  ).toEqual([
    ['@s8 done resumed', ...names.slice(8).map((name) => `@${name} done`)],
    names.map((name) => `@${name} done`),
  ])
  await expectInOrder()
})

/** A run of `job` in the background, up to where its connection has carried some of a stream: sets `run` and `ssh`. */
const inStream = (
  job: string,
) => `zrepl replicate ${job} --json --config ${CONFIG} >/run/${job}.json 2>/run/${job}.log &
run=$!
carried=0
until [ "\${carried:-0}" -gt 3000000 ]; do
  kill -0 $run || { cat /run/${job}.log; exit 99; }
  ssh=$(pgrep -P $run -x ssh)
  carried=$(awk '/^rchar/ {print $2}' /proc/$ssh/io 2>/dev/null)
done
`

test.each([
  ['the active side', 'zrepl replicate'],
  ['the passive side', 'zrepl stdinserver'],
  ['ssh', 'ssh .*BatchMode'],
  ['zfs send', 'zfs[.]real send'],
  ['zfs receive', 'zfs[.]real receive'],
])('%s killed in the middle of a stream leaves no orphan on either side', async (_, victim) => {
  await lab.ok(
    `head -c 20000000 /dev/urandom >/mnt/${src}/data/orphan && zfs snapshot ${src}/data@orphan$(date +%s%N)\n`,
  )
  const {exitCode} = await lab.sh(
    `${inStream('slow')}until pkill -KILL -f '^[^ ]*${victim}'; do kill -0 $run || exit 98; done\nwait $run\n`,
  )
  expect([0, 98, 99]).not.toContain(exitCode)
  await expectNothingLeft()
})

test('a far side that is frozen, and an ssh that is, are noticed within half a minute', async () => {
  await lab.ok(
    `head -c 60000000 /dev/urandom >/mnt/${src}/data/frozen && zfs snapshot ${src}/data@frozen && head -c 60000000 /dev/urandom >'/mnt/${src}/data/a b/frozen' && zfs snapshot '${src}/data/a b@frozen'\n`,
  )
  // The limit has a margin for a guest that is slow; the looks are counted and not the time.
  const {stdout, exitCode, stderr} = await lab.sh(`${inStream('slow')}first=$run
far=$(pgrep -f 'zrepl stdinserver')
kill -STOP $far
${inStream('slower')}kill -STOP $ssh
since=$(date +%s)
wait $first $run
echo $(($(date +%s) - since))
kill -CONT $far
`)
  expect({exitCode, stderr}).toEqual({exitCode: 0, stderr: ''})
  expect(Number(stdout)).toBeLessThan(45)
  for (const job of ['slow', 'slower']) {
    const report = JSON.parse(await lab.ok(`cat /run/${job}.json\n`))
    expect(JSON.stringify(report.replicate)).toContain('no sign of life for half a minute')
  }
  await expectNothingLeft()
  const {report} = await zrepl(lab, `replicate offsite --config ${CONFIG}`)
  expect(report.replicate?.filesystems.map(({state}) => state)).toEqual(['done', 'done'])
})
