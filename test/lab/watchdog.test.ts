import {afterAll, beforeAll, beforeEach, expect, test} from 'vitest'
import {parseAnnouncedState} from '../../src/lib/progress/announced-state.ts'
import type {RunReport} from '../../src/lib/report/report.ts'
import {type Lab, openLab} from './lab.ts'
import {interpose, snapshots, zrepl} from './scenario.ts'

let lab: Lab
let src: string
let dst: string
let destroy: () => Promise<void>
let takeAway: () => Promise<void>

const CONFIG = '/etc/zrepl/watchdog.yml'

/** What stands before zfs does what these files say: `STUCK` once, the others as long as they are there. */
const STUCK = '/tmp/stuck'
const SLOW = '/tmp/slow'
const FAILING = '/tmp/failing'
const DISTURBANCE = `if [ "$1" = send ] && [ -e ${FAILING} ]; then sleep 8; echo 'broken again' >&2; exit 1; fi
if [ -e ${STUCK}.$1 ]; then rm ${STUCK}.$1; exec sleep 600; fi
if [ "$1" = send ] && [ -e ${SLOW} ]; then
  "$0.real/zfs" "$@" | perl -e 'while (sysread(STDIN, $b, 100000)) { syswrite(STDOUT, $b); select(undef, undef, undef, 1) }'
  exit
fi`

beforeAll(async () => {
  lab = await openLab()
  ;({src, dst, destroy} = await lab.pools())
  await lab.ok(`zfs create ${src}/data && zfs create ${dst}/sink\n`)
  takeAway = await interpose(lab, DISTURBANCE)
})

afterAll(async () => {
  await takeAway?.()
  await destroy?.()
  await lab?.close()
})

let round = 0
beforeEach(async () => {
  round += 1
  await lab.ok(
    `head -c 2000000 /dev/urandom >/mnt/${src}/data/f${round}; zfs snapshot ${src}/data@${round}\n`,
  )
})

async function configure(idle: string, filesystems = `${src}/data: true`, steps = 1): Promise<void> {
  await lab.writeFile(
    CONFIG,
    `global: {zfs: {access: cli}}
jobs:
  - name: sink
    type: sink
    root_fs: ${dst}/sink
    recv: {placeholder: {encryption: inherit}}
    serve: {type: local, listener_name: sink}
  - name: guarded
    type: push
    connect: {type: local, listener_name: sink, client_identity: me}
    filesystems: {${filesystems}}
    snapshotting: {type: manual}
    replication: {concurrency: {steps: ${steps}}}
    watchdog: {idle: ${idle}}
    pruning:
      keep_sender: [{type: last_n, count: 10}]
      keep_receiver: [{type: last_n, count: 10}]
`,
  )
}

const run = () => zrepl(lab, `run guarded --config ${CONFIG}`)

/** Runs a first run until its stream has begun, then `script`, then a second one, and tells how both have ended. */
async function beside(script: string) {
  const told = await lab.ok(`
cd /
zrepl run guarded --config ${CONFIG} --json >/tmp/first.json 2>/tmp/first.err &
first=$!
until grep -q '"step"' /run/zrepl/guarded.state 2>/dev/null; do sleep 0.2; done
${script}
zrepl run guarded --config ${CONFIG} --json >/tmp/second.json 2>/tmp/second.err
second=$?
wait $first
echo "$? $second"
`)
  const [first, second] = told.trim().split(' ').map(Number)
  const report = async (name: string) => JSON.parse(await lab.ok(`cat /tmp/${name}.json\n`)) as RunReport
  const stderr = async (name: string) => await lab.ok(`cat /tmp/${name}.err\n`)
  return {
    first: {exitCode: first, report: await report('first'), stderr: await stderr('first')},
    second: {exitCode: second, report: await report('second'), stderr: await stderr('second')},
  }
}

test.each(['receive', 'send'])(
  'a %s that stands still is stopped; pruning goes on, and the next run',
  async (verb) => {
    await configure('4s')
    await lab.ok(`touch ${STUCK}.${verb}\n`)
    const {exitCode, report, stderr} = await run()
    expect(exitCode).toBe(6)
    expect(stderr).toMatch(/^zrepl: job guarded: .*\/data: stalled: no progress for [\d.]+s, after /m)
    expect(report.replicate?.filesystems).toMatchObject([
      {
        state: 'failed',
        error: {
          code: 'stalled',
          message: expect.stringMatching(/^no progress for [\d.]+s, after .*: '.*\/data' /),
        },
      },
    ])
    expect(report.pruneSender?.filesystems.map(({state}) => state)).toEqual(['done'])
    expect(report.pruneReceiver?.error).toBeUndefined()
    await lab.ok(
      "for i in $(seq 50); do pgrep -f '^sleep 600$' >/dev/null || exit 0; sleep 0.1; done; exit 1\n",
    )

    expect((await run()).exitCode).toBe(0)
    expect(await snapshots(lab, `${dst}/sink/me/${src}/data`)).toEqual(await snapshots(lab, `${src}/data`))
  },
)

test('streams that are slow but move are left alone, by the watchdog and by the next run, and each is counted', async () => {
  await configure('4s', `${src}/data: true, ${src}/more: true`, 2)
  await lab.ok(`zfs create ${src}/more; head -c 2000000 /dev/urandom >/mnt/${src}/more/f
zfs snapshot ${src}/more@1; touch ${SLOW}\n`)
  const {first, second} = await beside(
    `until [ "$(grep -Eo '"movedBytes":"[0-9]{6,8}"[^{}]*"step"' /run/zrepl/guarded.state | wc -l)" = 2 ]; do kill -0 $first || exit 1; sleep 0.2; done
cp /run/zrepl/guarded.state /tmp/two.state`,
  )
  await lab.ok(`rm ${SLOW}\n`)
  expect(first.exitCode).toBe(0)
  expect(first.report.replicate?.filesystems.map(({steps}) => (steps[0]?.durationMs ?? 0) > 8000)).toEqual([
    true,
    true,
  ])
  const {movedBytes: all, filesystems} = parseAnnouncedState(await lab.ok('cat /tmp/two.state\n')) ?? {}
  const each = filesystems?.map(({movedBytes}) => Number(movedBytes)) ?? []
  expect(each.reduce((sum, bytes) => sum + bytes, 0)).toBeLessThanOrEqual(Number(all))
  expect(second.exitCode).toBe(5)
  expect(second.report.error).toMatchObject({
    code: 'job-busy',
    message: expect.stringMatching(
      /^job 'guarded' is already running .*: in phase replicate, progress [\d.]+m?s ago$/,
    ),
  })
})

test('a run that is stuck gives way to the next, and both say why', async () => {
  await configure('never')
  await lab.ok(`touch ${STUCK}.receive\n`)
  // The first run was to wait for ever; the second has other limits.
  const {first, second} = await beside(
    `until grep -Eq '"quietMs":([5-9]|[1-9][0-9])[0-9]{3},' /run/zrepl/guarded.state; do kill -0 $first || exit 1; sleep 0.2; done
sed -i 's/idle: never/idle: 4s/' ${CONFIG}`,
  )
  expect(second).toMatchObject({
    exitCode: 0,
    stderr: expect.stringContaining('the run before this is cancelled'),
  })
  expect(first.exitCode).toBe(6)
  expect(first.report.error?.message).toMatch(
    /^cancelled by the next run of the job: in phase replicate, no progress for [\d.]+s$/,
  )
  expect(first.stderr).toContain(first.report.error?.message)
  expect(await snapshots(lab, `${dst}/sink/me/${src}/data`)).toEqual(await snapshots(lab, `${src}/data`))
  expect((await lab.sh('ls /run/zrepl\n')).stdout).not.toMatch(/state|cancel/)
})

test('a run that goes from error to error gives way to the next, and both say why', async () => {
  await configure('never', `"${src}/many<": true, ${src}/many: false`)
  await lab.ok(`zfs create ${src}/many; for i in $(seq 8); do zfs create ${src}/many/$i; done
zfs snapshot -r ${src}/many@1; touch ${FAILING}\n`)
  const {first, second} = await beside(
    `until grep -Eq '"quietMs":3[0-9]{4},.*"error":' /run/zrepl/guarded.state; do kill -0 $first || exit 1; sleep 0.2; done
rm ${FAILING}`,
  )
  const because = /in phase replicate, in an error state for [\d.]+s: .*broken again/
  expect(second).toMatchObject({exitCode: 0, stderr: expect.stringMatching(because)})
  expect(first.exitCode).toBe(6)
  expect(first.report.error?.message).toMatch(because)
  expect(first.stderr).toMatch(because)
  for (const filesystem of ['many/1', 'many/8'])
    expect(await snapshots(lab, `${dst}/sink/me/${src}/${filesystem}`)).toEqual(
      await snapshots(lab, `${src}/${filesystem}`),
    )
})
