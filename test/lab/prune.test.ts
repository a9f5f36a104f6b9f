import {afterAll, beforeAll, expect, test} from 'vitest'
import {type Lab, openLab} from './lab.ts'
import {bookmarks, interpose, poolHistory, snapshots, zrepl} from './scenario.ts'

let lab: Lab
/** Two pools of one job. */
let src: string
let dst: string
let destroy: () => Promise<void>

const CONFIG = '/etc/zrepl/prune.yml'
/** A snapshot of one filesystem takes a transaction group, and the guest is slow. */
const MANY = Number(process.env['MANY'] ?? 200)

beforeAll(async () => {
  lab = await openLab()
  ;({src, dst, destroy} = await lab.pools())
  await lab.ok(`set -e
for fs in ${src}/many ${src}/raced ${src}/other; do zfs create $fs; done
zfs create ${dst}/sink
`)
  await lab.writeFile(
    CONFIG,
    `jobs:
  - name: many
    type: snap
    filesystems: {${src}/many: true}
    snapshotting: {type: manual}
    pruning: {keep: [{type: last_n, count: 10}]}
  - name: raced
    type: snap
    filesystems: {${src}/raced: true, ${src}/other: true}
    snapshotting: {type: manual}
    pruning: {keep: [{type: last_n, count: 1}]}
  - name: sink
    type: sink
    root_fs: ${dst}/sink
    recv: {placeholder: {encryption: inherit}}
    serve: {type: local, listener_name: sink}
${push('keep')}${push('destroy')}`,
  )
})

afterAll(async () => {
  await destroy?.()
  await lab?.close()
})

function push(conflict: string): string {
  return `  - name: push_${conflict}
    type: push
    connect: {type: local, listener_name: sink, client_identity: ${conflict}}
    filesystems: {${src}/other: true}
    snapshotting: {type: manual}
    pruning:
      conflict: ${conflict}
      keep_sender: [{type: last_n, count: 1}]
      keep_receiver: [{type: last_n, count: 1}]
`
}

const prune = (words: string) => zrepl(lab, `prune ${words} --config ${CONFIG}`)
const names = async (dataset: string) =>
  (await snapshots(lab, dataset)).map((line) => line.slice(0, line.indexOf(' ')))

/** The snapshots of a report by what became of them. */
function byState({report}: Awaited<ReturnType<typeof prune>>, filesystem: string) {
  const found = report.pruneSender?.filesystems.find((one) => one.filesystem === filesystem)
  const states = Map.groupBy(found?.snapshots ?? [], ({state}) => state)
  return Object.fromEntries(Array.from(states, ([state, all]) => [state, all.map(({name}) => name)]))
}

test('many snapshots of one filesystem go at once; what is held or cloned stays, and is no error', async () => {
  await lab.ok(`set -e
seq 10001 $((10000 + ${MANY} - 15)) | xargs -P 8 -I N zfs snapshot ${src}/many@sN
# Within one second the name decides which is newer: the last are taken in the order of their names.
for i in $(seq $((10000 + ${MANY} - 14)) $((10000 + ${MANY}))); do zfs snapshot ${src}/many@s$i; done
zfs hold mine ${src}/many@s10050
zfs clone ${src}/many@s10100 ${src}/clone
`)
  const before = await snapshots(lab, `${src}/many`)
  expect(before).toHaveLength(MANY)

  const history = await poolHistory(lab, src)
  const dry = await prune('many --dry-run')
  // That one has a clone is found out right before it would be destroyed.
  expect(byState(dry, `${src}/many`)['doomed']).toHaveLength(MANY - 11)
  const refused = await prune('many')
  expect(refused.exitCode).toBe(4)
  expect(refused.report.pruneSender?.error?.message).toContain(`${MANY - 11} of ${MANY} snapshots`)
  expect(await poolHistory(lab, src)).toBe(history)

  const {report, exitCode, stderr} = await prune('many --yes-large-prune')
  expect({exitCode, stderr}).toEqual({exitCode: 0, stderr: ''})
  const left = await snapshots(lab, `${src}/many`)
  expect(left).toEqual([...before.filter((line) => /^s10050 |^s10100 /.test(line)), ...before.slice(-10)])
  const states = byState({report, exitCode, stderr}, `${src}/many`)
  expect(states['destroyed']).toHaveLength(MANY - 12)
  expect(states['kept']).toHaveLength(12)
  const commands = await lab.ok(`zpool history ${src} | grep -c 'zfs destroy ${src}/many@'\n`)
  expect(commands.trim()).toBe('1')
})

test('one that was destroyed or replaced by somebody else since it was judged: the other one stays', async () => {
  await lab.ok(`for s in 1 2 3 4; do for fs in raced other; do zfs snapshot ${src}/$fs@$s; done; done\n`)
  const takeAway = await interpose(
    lab,
    `case "$*" in
list*clones*${src}/raced*)
  if [ ! -e /tmp/raced ]; then
    touch /tmp/raced
    "$0.real" destroy ${src}/raced@1
    "$0.real" destroy ${src}/raced@2
    "$0.real" snapshot ${src}/raced@2
  fi;;
esac`,
  )
  let run: Awaited<ReturnType<typeof prune>>
  try {
    run = await prune('raced --yes-large-prune')
  } finally {
    await takeAway()
  }
  await lab.ok('rm /tmp/raced\n')
  expect(run.exitCode).toBe(1)
  expect(byState(run, `${src}/raced`)).toEqual({destroyed: ['1', '3'], failed: ['2'], kept: ['4']})
  expect(byState(run, `${src}/other`)).toEqual({destroyed: ['1', '2', '3'], kept: ['4']})
  // It is the newest now, though its name is that of an old one.
  expect(await names(`${src}/raced`)).toEqual(['4', '2'])
  const again = await prune('raced')
  expect(again.exitCode).toBe(0)
  expect(await names(`${src}/raced`)).toEqual(['2'])
})

test('what waits to be sent stays, or goes where space matters more: increments go on from a bookmark', async () => {
  for (const conflict of ['keep', 'destroy']) {
    const job = `push_${conflict}`
    await lab.ok(`zfs snapshot ${src}/other@${conflict}1\n`)
    expect((await zrepl(lab, `run ${job} --config ${CONFIG}`)).exitCode).toBe(0)
    await lab.ok(`for s in 2 3 4; do zfs snapshot ${src}/other@${conflict}$s; done\n`)
    expect((await prune(job)).exitCode).toBe(0)
    expect(await names(`${src}/other`)).toEqual(
      conflict === 'keep' ? ['keep1', 'keep2', 'keep3', 'keep4'] : ['destroy4'],
    )
    expect(await bookmarks(lab, `${src}/other`)).toContainEqual(
      expect.stringMatching(`^zrepl_CURSOR_G_[0-9a-f]{16}_J_${job}$`),
    )
    const next = await zrepl(lab, `run ${job} --config ${CONFIG}`)
    expect(next.exitCode).toBe(0)
    expect(next.report.replicate?.filesystems.map(({state, steps}) => [state, steps.length])).toEqual([
      ['done', conflict === 'keep' ? 3 : 1],
    ])
    expect(await names(`${dst}/sink/${conflict}/${src}/other`)).toEqual([`${conflict}4`])
  }
})
