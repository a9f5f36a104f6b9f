import {afterAll, beforeAll, expect, test} from 'vitest'
import {readAccounts} from '../../bench/guest/accounting.ts'
import {type Lab, openLab} from './lab.ts'
import {bookmarks, guidHex, holds, snapshots, zrepl} from './scenario.ts'

let lab: Lab
let src: string
let dst: string
let destroy: () => Promise<void>

const CONFIG = '/etc/zrepl/library.yml'
const FEW = ['a', 'b']
const MORE = ['a', 'b', 'c', 'd', 'e', 'f']
const KILLED = ['x', 'y']

beforeAll(async () => {
  lab = await openLab()
  ;({src, dst, destroy} = await lab.pools())
  await lab.ok(`set -e
for f in film ${[...MORE, ...KILLED].join(' ')}; do zfs create ${src}/$f; done
zfs create ${dst}/sink
zfs create ${dst}/far
zfs snapshot ${[...MORE, ...KILLED, 'film'].map((name) => `${src}/${name}@first`).join(' ')}
`)
  const local = '    connect: {type: local, listener_name: sink, client_identity: me}'
  const ssh = await lab.authorize('me', CONFIG)
  const job = (name: string, filesystems: readonly string[], more = '', connect = local, kept = 9) => `
  - name: ${name}
    type: push
${connect}
    filesystems: {${filesystems.map((one) => `"${src}/${one}": true`).join(', ')}}
    snapshotting: {type: manual}${more}
    pruning: {keep_sender: [{type: last_n, count: ${kept}}], keep_receiver: [{type: last_n, count: ${kept}}]}`
  await lab.writeFile(
    CONFIG,
    `global: {zfs: {access: library}}
jobs:${job('few', FEW)}${job('more', MORE)}${job('far', FEW, '', ssh)}${job('killed', KILLED, '', local, 2)}
${job('film', ['film'], '\n    send: {bandwidth_limit: {max: 4 MiB, bucket_capacity: 1 MiB}}\n    watchdog: {idle: 4s}')}
  - name: sink
    type: sink
    root_fs: ${dst}/sink
    recv: {placeholder: {encryption: inherit}}
    serve: {type: local, listener_name: sink}
  - name: farsink
    type: sink
    root_fs: ${dst}/far
    recv: {placeholder: {encryption: inherit}}
    serve: {type: stdinserver, client_identities: [me]}
`,
  )
  for (const name of ['more', 'film', 'far', 'killed']) expect((await replicate(name)).exitCode).toBe(0)
})

afterAll(async () => {
  await destroy?.()
  await lab?.close()
})

const replicate = (job: string) => zrepl(lab, `replicate ${job} --config ${CONFIG}`)
const copy = (filesystem: string, root = 'sink') => `${dst}/${root}/me/${src}/${filesystem}`

/** Programs that the whole guest starts, and requests that were answered. */
type Cost = {readonly programs: number; readonly roundTrips: number}

/** What it costs that \`job\` brings one new snapshot of each of its filesystems over. */
async function costFor(
  job: string,
  filesystems: readonly string[],
  snapshot: string,
  root = 'sink',
): Promise<Cost> {
  const names = filesystems.map((name) => `${src}/${name}@${snapshot}`).join(' ')
  await lab.ok(`set -e
for f in ${filesystems.join(' ')}; do echo ${snapshot} >/mnt/${src}/$f/${snapshot}; done
zfs snapshot ${names}
`)
  const cost = await costOf(job)
  for (const name of filesystems)
    expect(await snapshots(lab, copy(name, root))).toEqual(await snapshots(lab, `${src}/${name}`))
  return cost
}

async function costOf(job: string): Promise<Cost> {
  // What is remembered of one job's filesystems and not of another's makes a difference of some commands.
  const accounts = await lab.ok(`cd /
rm -rf /var/lib/zrepl/listings
python3 - zrepl replicate ${job} --config ${CONFIG} --trace /run/trace.json <<'__END__'
import ctypes, subprocess, sys, time
libc = ctypes.CDLL('libc.so.6')
open('/run/accounts', 'w').close()
if libc.acct(b'/run/accounts'): sys.exit('no process accounting')
done = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL)
time.sleep(0.5)
libc.acct(None)
sys.exit(done.returncode)
__END__
base64 -w0 /run/accounts
`)
  const events: readonly {readonly ph: string; readonly name: string}[] = JSON.parse(
    await lab.ok('cat /run/trace.json'),
  )
  return {
    programs: readAccounts(Buffer.from(accounts, 'base64')).programs,
    roundTrips: events.filter(({ph, name}) => ph === 'X' && name.startsWith('request ')).length,
  }
}

test('a run starts as many programs for six filesystems as for two, with a round trip for each and two more', async () => {
  const few = await costFor('few', FEW, 'second')
  expect(few.programs).toBeLessThanOrEqual(20)
  expect(few.roundTrips).toBe(FEW.length + 2)
  const more = {programs: few.programs, roundTrips: MORE.length + 2}
  expect(await costFor('more', MORE, 'third')).toEqual(more)
})

test('over ssh it starts no more than twenty, those of sshd included; and so does one with nothing to do', async () => {
  const some = await costFor('far', FEW, 'fourth', 'far')
  const none = await costOf('far')
  console.log(`programs over ssh: ${some.programs} for increments, ${none.programs} for nothing`)
  expect(Math.max(some.programs, none.programs)).toBeLessThanOrEqual(20)
  expect([some.roundTrips, none.roundTrips]).toEqual([FEW.length + 2, 1])
})

test('of a run that is killed in a stream nothing stays behind, and the next continues the stream', async () => {
  await lab.ok(`head -c 24000000 /dev/urandom >/mnt/${src}/film/f; zfs snapshot ${src}/film@second\n`)
  await lab.ok(`zrepl replicate film --config ${CONFIG} >/dev/null 2>&1 &
run=$!
until [ "$(awk '/rchar/ {print $2}' /proc/$(pgrep -x 'zrepl receive')/io 2>/dev/null || echo 0)" -gt 12000000 ]; do
  kill -0 $run || exit 99
done
kill -KILL $run
until ! pgrep zrepl >/dev/null; do sleep 0.1; done
`)
  expect((await lab.ok(`zfs get -H -o value receive_resume_token ${copy('film')}\n`)).trim()).toMatch(/^1-/)
  const {exitCode, report} = await replicate('film')
  expect(exitCode).toBe(0)
  expect(report.replicate?.filesystems[0]?.steps.map(({to, resumed}) => `${to} ${resumed}`)).toEqual([
    '@second true',
  ])
  expect(await snapshots(lab, copy('film'))).toEqual(await snapshots(lab, `${src}/film`))
  expect(await holds(lab, copy('film'))).toEqual(['second zrepl_last_received_J_sink'])
})

test.each(['send', 'receive'])('a %s that stands still is stopped, and the next run goes', async (verb) => {
  await lab.ok(`head -c 12000000 /dev/urandom >/mnt/${src}/film/${verb}; zfs snapshot ${src}/film@${verb}\n`)
  await lab.ok(`(until pkill -STOP -x 'zrepl ${verb}'; do sleep 0.1; done) >/dev/null 2>&1 &\n`)
  const {exitCode, report} = await replicate('film')
  expect(exitCode).toBe(6)
  expect(report.replicate?.filesystems[0]?.error).toMatchObject({code: 'stalled'})
  await lab.ok('for i in $(seq 150); do pgrep zrepl >/dev/null || exit 0; sleep 0.2; done; ps -ef; exit 1\n')
  expect((await replicate('film')).exitCode).toBe(0)
  expect(await snapshots(lab, copy('film'))).toEqual(await snapshots(lab, `${src}/film`))
})

const snapshotKilled = async (name: string) =>
  void (await lab.ok(`for f in ${KILLED.join(' ')}; do echo ${name} >/mnt/${src}/$f/file; done
zfs snapshot ${KILLED.map((one) => `${src}/${one}@${name}`).join(' ')}\n`))

/** In shell: how many changes the histories of both pools have recorded. */
const changes = () => `zpool history -i ${src} ${dst} | wc -l`

test('killed when so much of a run is done, no ancestor is lost, and the next run leaves everything in order', async () => {
  await snapshotKilled('all')
  const all = await lab.ok(
    `before=$(${changes()}); zrepl run killed --quiet --config ${CONFIG} >&2 && echo $(($(${changes()}) - before))\n`,
  )
  for (const part of [1, 2, 3, 4, 5, 6]) {
    const done = Math.floor((Number(all) * part) / 8)
    await snapshotKilled(`part${part}`)
    const killed = await lab.sh(`until=$(($(${changes()}) + ${done}))
zrepl run killed --config ${CONFIG} >/dev/null 2>&1 &
run=$!
until [ "$(${changes()})" -ge $until ]; do kill -0 $run || exit 99; done
pkill -KILL zrepl
wait $run
status=$?
until ! pgrep zrepl >/dev/null; do :; done
exit $status
`)
    expect(killed.exitCode, `after ${done} of ${all} changes: ${killed.stderr}`).toBe(137)
    for (const name of KILLED) {
      const ancestor = (await snapshots(lab, copy(name))).at(-1)?.split(' ')[1] ?? ''
      const there = await lab.ok(`zfs list -Hp -t snapshot,bookmark -d 1 -o guid ${src}/${name}\n`)
      expect(there.split('\n')).toContain(ancestor)
    }
    const {exitCode, stderr} = await zrepl(lab, `run killed --config ${CONFIG}`)
    expect({exitCode, stderr}).toEqual({exitCode: 0, stderr: ''})
    for (const name of KILLED) {
      const ours = await snapshots(lab, `${src}/${name}`)
      expect(ours).toHaveLength(2)
      expect(await snapshots(lab, copy(name))).toEqual(ours)
      const [newest = '', guid = ''] = ours.at(-1)?.split(' ') ?? []
      expect(newest).toBe(`part${part}`)
      expect(await bookmarks(lab, `${src}/${name}`)).toEqual([`zrepl_CURSOR_G_${guidHex(guid)}_J_killed`])
      expect(await holds(lab, `${src}/${name}`)).toEqual([])
      expect(await holds(lab, copy(name))).toEqual([`${newest} zrepl_last_received_J_sink`])
    }
  }
})
