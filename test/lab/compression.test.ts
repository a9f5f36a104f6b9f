import {afterAll, beforeAll, expect, test} from 'vitest'
import {readChromeTrace} from '../../src/lib/trace/chrome-trace.ts'
import {walk} from '../../src/lib/trace/trace-node.ts'
import {type Lab, openLab} from './lab.ts'
import {digestTree, poolHistory, snapshots, zrepl} from './scenario.ts'

let lab: Lab
let src: string
let dst: string
let destroy: () => Promise<void>

const CONFIG = '/etc/zrepl/compression.yml'
const received = (filesystem: string) => `${dst}/backups/squeezed/${src}/${filesystem}`
const replicate = (more = '') => zrepl(lab, `replicate offsite --config ${CONFIG}${more}`)

beforeAll(async () => {
  lab = await openLab()
  ;({src, dst, destroy} = await lab.pools())
  const connect = await lab.authorize('squeezed', CONFIG)
  await lab.ok(`zfs create ${src}/data && zfs create ${src}/data/text && zfs create ${dst}/backups`)
  await lab.writeFile(
    CONFIG,
    `global: {zfs: {access: auto}}
jobs:
  - name: offsite
    type: push
${connect}
    filesystems: {"${src}/data<": true}
    send: {buffer: 16 MiB, bandwidth_limit: {max: 16 MiB}}
    replication: {compression: {type: zstd, level: 1}}
    conflict_resolution: {initial_replication: all}
    snapshotting: {type: manual}
    pruning:
      keep_sender: [{type: last_n, count: 100}]
      keep_receiver: [{type: last_n, count: 100}]
  - name: backups
    type: sink
    root_fs: ${dst}/backups
    recv: {placeholder: {encryption: inherit}, buffer: 16 MiB}
    serve: {type: stdinserver, client_identities: [squeezed]}
`,
  )
})

afterAll(async () => {
  await destroy?.()
  await lab?.close()
})

test('streams arrive through zstd on both sides as they were sent', async () => {
  await lab.ok(`cd /mnt/${src}/data
seq 1 200000 >text/numbers && head -c 3000000 /dev/urandom >noise && zfs snapshot -r ${src}/data@one
seq 7 100000 >text/more && zfs snapshot -r ${src}/data@two && zfs snapshot -r ${src}/data@three\n`)
  const {report, exitCode, stderr} = await replicate(' --trace /tmp/squeezed.json')
  expect({exitCode, stderr}).toEqual({exitCode: 0, stderr: ''})
  expect(
    report.replicate?.filesystems.map(({steps}) => steps.map(({to, state}) => `${to} ${state}`)),
  ).toEqual([1, 2].map(() => ['@one done', '@two done', '@three done']))
  for (const name of ['data', 'data/text']) {
    expect(await snapshots(lab, received(name))).toEqual(await snapshots(lab, `${src}/${name}`))
    expect(await digestTree(lab, `${received(name)}@three`)).toBe(
      await digestTree(lab, `${src}/${name}@three`),
    )
  }
  // One for each series on each side, however many streams it has.
  const nodes = readChromeTrace(await lab.ok('cat /tmp/squeezed.json\n')).flatMap((root) =>
    [...walk(root)].map(({node}) => node),
  )
  const stages = nodes.filter(({name}) => name === 'zstd')
  expect(stages.map(({args}) => args['exitCode'])).toEqual(stages.map(() => 0))
  const series = nodes.filter(({name}) => name === 'serve receive').length
  expect(stages).toHaveLength(2 * series)
  expect(series).toBeGreaterThanOrEqual(2)
})

test('zstd killed in the middle of a stream fails the step and is named; the next run goes on where it was', async () => {
  await lab.ok(`head -c 60000000 /dev/urandom >/mnt/${src}/data/film && zfs snapshot ${src}/data@film\n`)
  const {stdout, exitCode} = await lab.sh(`before=$(zpool list -Hp -o allocated ${dst})
zrepl replicate offsite --json --config ${CONFIG} &
run=$!
until [ "$(zpool list -Hp -o allocated ${dst})" -gt $((before + 10000000)) ]; do kill -0 $run || exit 99; done
pkill -KILL -x zstd
wait $run
status=$?
until ! pgrep -x 'zrepl|zstd' >/dev/null; do :; done
[ "$(zfs get -Hp -o value receive_resume_token '${received('data')}')" != - ] || exit 98
exit $status
`)
  const report = JSON.parse(stdout)
  expect(exitCode).toBe(report.exitStatus)
  const {state, error} = report.replicate.filesystems[0]
  expect({state, exitStatus: report.exitStatus}).toEqual({state: 'failed', exitStatus: 1})
  expect(error.message).toContain('zstd was ended by SIGKILL')

  const next = await replicate()
  expect(next.exitCode).toBe(0)
  expect(next.report.replicate?.filesystems[0]?.steps.map(({to, resumed}) => `${to} ${resumed}`)).toEqual([
    '@film true',
  ])
  expect(await snapshots(lab, received('data'))).toEqual(await snapshots(lab, `${src}/data`))
  expect(await digestTree(lab, `${received('data')}@film`)).toBe(await digestTree(lab, `${src}/data@film`))
})

test('without zstd nothing is sent, and nothing changed', async () => {
  await lab.ok(`zfs snapshot ${src}/data@last && mv /usr/bin/zstd /usr/bin/zstd.away\n`)
  try {
    const before = [await poolHistory(lab, src), await poolHistory(lab, dst)]
    const {report, exitCode} = await replicate()
    expect(exitCode).not.toBe(0)
    expect(report.replicate?.error).toMatchObject({
      code: 'host',
      message: 'replication.compression: there is no zstd on the sender',
    })
    expect([await poolHistory(lab, src), await poolHistory(lab, dst)]).toEqual(before)
  } finally {
    await lab.ok('mv /usr/bin/zstd.away /usr/bin/zstd\n')
  }
})
