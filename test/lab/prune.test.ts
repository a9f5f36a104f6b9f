import {afterAll, beforeAll, expect, test} from 'vitest'
import {type Lab, openLab} from './lab.ts'
import {bookmarks, interpose, poolHistory, snapshots, takeMany, zrepl} from './scenario.ts'

let lab: Lab
/** Two pools of one job. */
let src: string
let dst: string
let destroy: () => Promise<void>

const CONFIG = '/etc/zrepl/prune.yml'
const CONFIG_OF_LIBRARY = '/etc/zrepl/prune-by-library.yml'
const MANY = 530

beforeAll(async () => {
  lab = await openLab()
  ;({src, dst, destroy} = await lab.pools())
  await lab.ok(`set -e
for fs in ${src}/many ${src}/called ${src}/raced ${src}/other; do zfs create $fs; done
zfs create ${dst}/sink
`)
  await lab.writeFile(
    CONFIG,
    `global: {zfs: {access: cli}}
jobs:
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
  await lab.writeFile(
    CONFIG_OF_LIBRARY,
    `global: {zfs: {access: library}}
jobs:
  - name: called
    type: snap
    filesystems: {${src}/called: true}
    snapshotting: {type: manual}
    pruning: {limit: {count: 1}, keep: [{type: last_n, count: 1}]}
`,
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

function becauseOf({report}: Awaited<ReturnType<typeof prune>>, filesystem: string, name: string) {
  const found = report.pruneSender?.filesystems.find((one) => one.filesystem === filesystem)
  return found?.snapshots.find((one) => one.name === name)?.because
}

/** The commands that have destroyed something on a pool: programs by their kind, others as they were given. */
async function commandsOn(pool: string): Promise<readonly string[]> {
  const history = await lab.ok(`zpool history ${pool} | cut -c 21-\n`)
  return history
    .split('\n')
    .filter((line) => /^zfs (program|destroy)/.test(line))
    .map((line) => (line.startsWith('zfs program') ? 'zfs program' : line))
}

test('many snapshots of one filesystem go at once; what is held or cloned stays, and is no error', async () => {
  await takeMany(lab, `${src}/many`, 10_001, 10_000 + MANY)
  await lab.ok(`set -e
zfs hold mine ${src}/many@s10050
zfs clone ${src}/many@s10100 ${src}/clone
ls /mnt/${src}/many/.zfs/snapshot/s10020/
`)
  const before = await snapshots(lab, `${src}/many`)
  expect(before).toHaveLength(MANY)

  const history = await poolHistory(lab, src)
  const dry = await prune('many --dry-run')
  expect(byState(dry, `${src}/many`)['doomed']).toHaveLength(MANY - 12)
  expect(becauseOf(dry, `${src}/many`, 's10100')).toBe(`kept: has a clone: ${src}/clone`)
  expect(await poolHistory(lab, src)).toBe(history)

  const {report, exitCode, stderr} = await prune('many --yes-large-prune')
  expect({exitCode, stderr}).toEqual({exitCode: 0, stderr: ''})
  const left = await snapshots(lab, `${src}/many`)
  expect(left).toEqual([...before.filter((line) => /^s10050 |^s10100 /.test(line)), ...before.slice(-10)])
  const states = byState({report, exitCode, stderr}, `${src}/many`)
  expect(states['destroyed']).toHaveLength(MANY - 12)
  expect(states['kept']).toHaveLength(12)
  // The one that is mounted goes by name: only that unmounts it.
  expect(await commandsOn(src)).toEqual([
    ...Array(Math.ceil((MANY - 12) / 512)).fill('zfs program'),
    `zfs destroy ${src}/many@s10020`,
  ])
})

test('more than the limit waits for a person; through libzfs_core it is the same program, and no command', async () => {
  await lab.ok(`for s in 1 2 3; do zfs snapshot ${src}/called@$s; done\n`)
  const history = await poolHistory(lab, src)
  const refused = await zrepl(lab, `prune called --config ${CONFIG_OF_LIBRARY}`)
  expect(refused.exitCode).toBe(4)
  expect(refused.report.pruneSender?.error?.message).toContain('2 of 3 snapshots')
  expect(await poolHistory(lab, src)).toBe(history)
  const run = await zrepl(lab, `prune called --yes-large-prune --config ${CONFIG_OF_LIBRARY}`)
  expect(run.exitCode).toBe(0)
  expect(byState(run, `${src}/called`)).toEqual({destroyed: ['1', '2'], kept: ['3']})
  expect(await names(`${src}/called`)).toEqual(['3'])
  expect((await commandsOn(src)).filter((line) => line.includes('called'))).toEqual([])
  expect(await lab.ok(`zpool history -i ${src} | grep -c 'ioctl channel_program'\n`)).toMatch(/^[1-9]/)
})

const DEEDS = ['destroy raced@1', 'destroy raced@2', 'snapshot raced@2', 'hold mine other@2']

/** Prunes while somebody does all of that right before the first `zfs` with such words. */
async function pruneAmidDeeds(
  words: string,
  rights: 'root' | 'user',
): Promise<Awaited<ReturnType<typeof prune>>> {
  const deeds = DEEDS.map((deed) => `"$0.real/zfs" ${deed.replace(/\b(?=\w+@)/, `${src}/`)}`)
  const refusal = 'Permission denied. Channel programs must be run as root.'
  const takeAway = await interpose(
    lab,
    `case "$*" in
${words})
  if [ ! -e /tmp/deeds ]; then
    touch /tmp/deeds
    ${deeds.join('\n    ')}
  fi;;
esac
[ "$1 ${rights}" = 'program user' ] && { echo '${refusal}' >&2; exit 1; }`,
  )
  try {
    return await prune('raced --yes-large-prune')
  } finally {
    await takeAway()
    await lab.ok('rm /tmp/deeds\n')
  }
}

test.each([
  // In between there is nothing: it is one transaction.
  ['root', 'program*'],
  // Guids are looked at once more.
  ['user', 'list*-d\\ 1*'],
] as const)(
  'as %s: destroyed, replaced or held by somebody else right before "zfs %s"',
  async (rights, words) => {
    await lab.ok(`for s in 1 2 3 4; do for fs in raced other; do zfs snapshot ${src}/$fs@$s; done; done\n`)
    const run = await pruneAmidDeeds(words, rights)
    expect(byState(run, `${src}/raced`)).toEqual({destroyed: ['1', '3'], failed: ['2'], kept: ['4']})
    expect(byState(run, `${src}/other`)).toEqual({destroyed: ['1', '3'], kept: ['2', '4']})
    expect(run.exitCode).toBe(1)
    // It is the newest now, though its name is that of an old one.
    expect(await names(`${src}/raced`)).toEqual(['4', '2'])
    expect(await names(`${src}/other`)).toEqual(['2', '4'])
    const again = await prune('raced')
    expect(again.exitCode).toBe(0)
    expect(await names(`${src}/raced`)).toEqual(['2'])
    await lab.ok(`zfs release mine ${src}/other@2
for s in raced@2 other@2 other@4; do zfs destroy ${src}/$s; done\n`)
  },
)

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
