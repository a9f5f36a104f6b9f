import {afterAll, beforeAll, expect, test} from 'vitest'
import {type Lab, openLab} from './lab.ts'
import {bookmarks, guidHex, holds, interpose, snapshots, zrepl} from './scenario.ts'

/** Streams that break off in the middle, on a receiver that may be full or that somebody else works on. */
let lab: Lab
let src: string
let dst: string
let destroy: () => Promise<void>
let restore: () => Promise<void>

const CONFIG = '/etc/zrepl/resume.yml'
const FILM_BYTES = 64_000_000
const received = (filesystem: string) => `${dst}/backups/half/${src}/${filesystem}`

beforeAll(async () => {
  lab = await openLab()
  ;({src, dst, destroy} = await lab.pools())
  // The guest is slow, and more so beside others.
  const connect = `${await lab.authorize('half', CONFIG)}\n      dial_timeout: 90s`
  await lab.ok(`zfs create ${src}/data && zfs create ${dst}/backups\n`)
  const push = (name: string, filesystems: string, more = '') => `
  - name: ${name}
    type: push
${connect}
    filesystems: {${filesystems}}
    snapshotting: {type: manual}${more}
    pruning: {keep_sender: [{type: last_n, count: 100}], keep_receiver: [{type: last_n, count: 100}]}`
  await lab.writeFile(
    CONFIG,
    `global: {zfs: {access: cli}}
jobs:${push('slow', `"${src}/data": true`, '\n    send: {bandwidth_limit: {max: 8 MiB, bucket_capacity: 1 MiB}}')}
${push('fast', `"${src}/full<": true`)}
${push('left', `"${src}/round*/left": true`)}
${push('right', `"${src}/round*/right": true`)}
  - name: backups
    type: sink
    root_fs: ${dst}/backups
    recv: {placeholder: {encryption: inherit}}
    serve: {type: stdinserver, client_identities: [half]}
`,
  )
  // Each stream that leaves is counted in a file of its own.
  await lab.writeFile(
    '/root/count.py',
    `import os, sys
counted, total = open(sys.argv[1], 'w'), 0
while chunk := os.read(0, 65536):
    view = memoryview(chunk)
    while view:
        written = os.write(1, view)
        view, total = view[written:], total + written
        counted.seek(0); counted.write(str(total)); counted.flush()
`,
  )
  await lab.ok('mkdir -p /run/sent\n')
  restore = await interpose(
    lab,
    `if [ "$1" = send ] && [ "$2" != -n ]; then
  "$0.real/zfs" "$@" | python3 /root/count.py /run/sent/$(date +%s%N)
  exit
fi`,
  )
})

afterAll(async () => {
  await restore?.()
  await destroy?.()
  await lab?.close()
})

const run = (job: string) => zrepl(lab, `replicate ${job} --config ${CONFIG}`)

/** The newest is there with its guid, one cursor and one hold stand at it, and nothing else of ours is left. */
async function expectInOrder(filesystem: string, job: string): Promise<void> {
  const ours = await snapshots(lab, `${src}/${filesystem}`)
  expect(await snapshots(lab, received(filesystem))).toEqual(ours)
  const [newest = '', guid = ''] = ours.at(-1)?.split(' ') ?? []
  expect(await bookmarks(lab, `${src}/${filesystem}`)).toEqual([`zrepl_CURSOR_G_${guidHex(guid)}_J_${job}`])
  expect(await holds(lab, `${src}/${filesystem}`)).toEqual([])
  expect(await holds(lab, received(filesystem))).toEqual([`${newest} zrepl_last_received_J_backups`])
}

/** Starts a run and kills everything of it once its stream, the nth of all, is so long. */
const killedAt = (nth: number, bytes: number) =>
  lab.ok(`zrepl replicate slow --config ${CONFIG} >/dev/null 2>&1 &
until sent=$(cat "/run/sent/$(ls /run/sent | sed -n ${nth}p)" 2>/dev/null); [ "\${sent:-0}" -gt ${bytes} ]; do
  kill -0 $! || exit 99
done
pkill -KILL -x zrepl
until ! pgrep -x zrepl >/dev/null && ! pgrep -f zfs.real >/dev/null; do :; done
`)

test('of a stream that is killed twice, only what was on its way is sent again', async () => {
  await lab.ok(`head -c ${FILM_BYTES} /dev/urandom >/mnt/${src}/data/film && zfs snapshot ${src}/data@film\n`)
  await killedAt(1, 15_000_000)
  await killedAt(2, 15_000_000)
  const {report, exitCode} = await run('slow')
  expect(exitCode).toBe(0)
  expect(report.replicate?.filesystems[0]?.steps.map(({to, resumed}) => `${to} ${resumed}`)).toEqual([
    '@film true',
  ])
  await expectInOrder('data', 'slow')

  const sent = (await lab.ok('for f in /run/sent/*; do cat $f; echo; done\n')).trim().split('\n').map(Number)
  const whole = Number(
    (await lab.ok(`zfs send -nP ${src}/data@film\n`))
      .split('\n')
      .find((line) => line.startsWith('size'))
      ?.slice(5),
  )
  const again = sent.reduce((sum, bytes) => sum + bytes, 0) - whole
  const share = again / whole
  console.log(
    `${sent.join(' + ')} bytes for a stream of ${whole}: ${(100 * share).toFixed(1)} % of it sent again after two kills`,
  )
  expect(sent).toHaveLength(3)
  expect(share).toBeLessThan(0.35)
})

test('a quota that is met in the middle of an increment: what has arrived is kept, and the next run goes on', async () => {
  await lab.ok(`head -c ${FILM_BYTES} /dev/urandom >/mnt/${src}/data/second && zfs snapshot ${src}/data@second
zfs set quota=$(($(zfs get -Hp -o value used ${dst}/backups) + 20000000)) ${dst}/backups\n`)
  const {report, exitCode} = await run('slow')
  const [failed] = report.replicate?.filesystems ?? []
  expect({exitCode, code: failed?.error?.code}).toEqual({exitCode: 1, code: 'receive-failed'})
  expect(failed?.error?.hint).toContain('make room or raise the quota')
  expect((await snapshots(lab, received('data'))).map((line) => line.split(' ')[0])).toEqual(['film'])

  await lab.ok(`zfs set quota=none ${dst}/backups\n`)
  const after = await run('slow')
  expect(after.exitCode).toBe(0)
  expect(after.report.replicate?.filesystems[0]?.steps.map(({to}) => to)).toEqual(['@second'])
  await expectInOrder('data', 'slow')
})

test('a pool that is full in the middle of a first stream: the next run finishes once there is room', async () => {
  await lab.ok(`zfs create ${src}/full && head -c ${FILM_BYTES} /dev/urandom >/mnt/${src}/full/film
zfs snapshot ${src}/full@film
zfs create ${dst}/ballast
zfs set reservation=$(($(zfs get -Hp -o value available ${dst}) - 20000000)) ${dst}/ballast\n`)
  const {report, exitCode} = await run('fast')
  const [failed] = report.replicate?.filesystems ?? []
  expect({exitCode, code: failed?.error?.code}).toEqual({exitCode: 1, code: 'receive-failed'})
  expect(failed?.error?.hint).toContain('make room')
  expect((await lab.sh(`zfs list -t snapshot -H ${received('full')}@film\n`)).exitCode).toBe(1)

  await lab.ok(`zfs destroy ${dst}/ballast\n`)
  expect((await run('fast')).exitCode).toBe(0)
  await expectInOrder('full', 'fast')
})

test('two runs at once create the same missing ancestors', async () => {
  const rounds = [1, 2, 3, 4, 5]
  const filesystems = rounds.flatMap((round) => [`round${round}/left`, `round${round}/right`])
  await lab.ok(
    `${filesystems.map((name) => `zfs create -p ${src}/${name} && zfs snapshot ${src}/${name}@1`).join(' && ')}\n`,
  )
  const statuses = await lab.ok(`for job in left right; do
  (zrepl replicate $job --json --config ${CONFIG} >/run/$job.json 2>&1; echo $? >/run/$job.status) &
done
wait
cat /run/left.status /run/right.status
grep -h '"message"' /run/left.json /run/right.json || true\n`)
  expect(statuses).toBe('0\n0\n')
  for (const name of filesystems) expect(await snapshots(lab, received(name))).toHaveLength(1)
})
