import {afterAll, beforeAll, expect, test} from 'vitest'
import {type Lab, openLab} from './lab.ts'
import {holds, interpose, snapshots, zrepl} from './scenario.ts'

let lab: Lab
let src: string
let dst: string
let destroy: () => Promise<void>
let stopLogging: (() => Promise<void>) | undefined

const CONFIG = '/etc/zrepl/memory.yml'
const LOG = '/run/zfs-commands'

beforeAll(async () => {
  lab = await openLab()
  ;({src, dst, destroy} = await lab.pools())
  await lab.ok(
    `zfs create ${src}/data && zfs create ${src}/data/a && zfs create ${src}/data/b && zfs create ${dst}/sink`,
  )
  await lab.ok(`for n in 1 2 3; do zfs snapshot -r ${src}/data@s$n; done`)
  await lab.writeFile(
    CONFIG,
    `jobs:
  - name: remembering
    type: push
    connect: {type: local, listener_name: remembered, client_identity: me}
    filesystems: {"${src}/data<": true}
    snapshotting: {type: manual}
    pruning:
      keep_sender: [{type: last_n, count: 9}]
      keep_receiver: [{type: last_n, count: 9}]
  - name: remembered
    type: sink
    root_fs: ${dst}/sink
    recv: {placeholder: {encryption: inherit}}
    serve: {type: local, listener_name: remembered}
`,
  )
})

afterAll(async () => {
  await stopLogging?.()
  await destroy?.()
  await lab?.close()
})

/** A run that has to go well, and what it listed the snapshots of. */
async function listedBy(words: string): Promise<readonly string[]> {
  await lab.ok(`rm -f ${LOG}`)
  const {exitCode, stderr} = await zrepl(lab, `${words} remembering --config ${CONFIG}`)
  expect({exitCode, stderr}).toEqual({exitCode: 0, stderr: ''})
  const commands = await lab.ok(`cat ${LOG}`)
  return commands
    .split('\n')
    .filter((command) => command.startsWith('list ') && command.includes('-t snapshot,bookmark'))
    .map((command) => command.replace(/^.* -s createtxg /, ''))
    .toSorted()
}

test('what has not changed is not listed again, and what has is seen', async () => {
  stopLogging = await interpose(lab, `echo "$@" >>${LOG}`)
  const tells = (await lab.sh(`zfs get -H snapshots_changed ${src}`)).exitCode === 0
  const copy = `${dst}/sink/me/${src}/data`
  const everything = [`-r ${dst}/sink/me`, `-r ${src}/data`]
  expect(await listedBy('run')).toEqual(expect.arrayContaining(everything))
  // On a quick machine nothing is old enough by then to be remembered.
  await lab.ok('sleep 2')
  await listedBy('run')
  expect(await listedBy('run')).toEqual(tells ? [] : everything)
  if (!tells) return

  // What nothing but ZFS itself can tell: somebody destroys a snapshot, renames one, releases a hold, changes a bookmark.
  await lab.ok(`zfs destroy ${src}/data/b@s2 && zfs rename ${src}/data/b@s1 ${src}/data/b@renamed`)
  await lab.ok(`zfs snapshot ${copy}/b@theirs && zfs destroy ${copy}/b@theirs`)
  // Only names, and what is not known by its name.
  const changed = [`-d 1 -r ${copy}/b`, `-d 1 -r ${src}/data/b`, `${src}/data/b@renamed`]
  expect(await listedBy('run')).toEqual(changed.toSorted())
  await lab.ok(`zfs release zrepl_last_received_J_remembered ${copy}/b@s3`)
  await listedBy('run')
  expect(await holds(lab, `${copy}/b`)).toEqual(['s3 zrepl_last_received_J_remembered'])
  await lab.ok(`zfs list -Hp -t bookmark -o name -r ${src}/data/a | xargs -n 1 zfs destroy`)
  await listedBy('run')
  expect(await lab.ok(`zfs list -Hp -t bookmark -o name -r ${src}/data/a | wc -l`)).toBe('1\n')

  // Another import may be after another host's work.
  await lab.ok(`zpool export ${src} && zpool import -d /pool ${src}`)
  expect(await listedBy('run')).toContain(`-r ${src}/data`)

  await lab.ok(`sleep 2; zfs snapshot ${src}/data/a@s4`)
  const looked = await listedBy('replicate')
  expect(looked).toEqual(expect.arrayContaining([`-d 1 -r ${src}/data/a`, `${src}/data/a@s4`]))
  expect(
    looked
      .filter((words) => words.includes(copy))
      .flatMap((words) => words.split(' '))
      .toSorted(),
  ).toEqual([`${copy}/a@s3`, `${copy}/a@s4`])
  expect((await snapshots(lab, `${copy}/a`)).at(-1)).toBe((await snapshots(lab, `${src}/data/a`)).at(-1))

  // What a run has received the next one knows, unless somebody else was at it.
  await lab.ok('sleep 3')
  expect((await listedBy('replicate')).filter((words) => words.includes(copy))).toEqual([])
  await lab.ok(`zfs snapshot ${copy}/a@theirs && zfs destroy ${copy}/a@theirs && sleep 3`)
  expect((await listedBy('replicate')).filter((words) => words.includes(copy))).toContain(`-d 1 -r ${copy}/a`)
})
