import {afterAll, beforeAll, expect, test} from 'vitest'
import {type Lab, openLab} from './lab.ts'
import {poolHistory, type Run, snapshots, zrepl} from './scenario.ts'

let lab: Lab
let src: string
let dst: string
let destroy: () => Promise<void>
let connect: string

const CONFIG = '/etc/zrepl/refusal.yml'

beforeAll(async () => {
  lab = await openLab()
  ;({src, dst, destroy} = await lab.pools())
  connect = await lab.authorize('known', CONFIG)
  await lab.ok(`zfs create ${src}/data && zfs snapshot ${src}/data@one && zfs create ${dst}/backups`)
})

afterAll(async () => {
  await destroy?.()
  await lab?.close()
})

type Change = {
  readonly identity?: string
  readonly rootFs?: string
  readonly connect?: string
  readonly encryption?: string
}

function config({
  identity = 'known',
  rootFs = `${dst}/backups`,
  connect: section = connect,
  encryption = 'inherit',
}: Change): string {
  return `jobs:
  - name: offsite
    type: push
${section}
    filesystems:
      "${src}/data<": true
    snapshotting:
      type: manual
    pruning:
      keep_sender: [{type: last_n, count: 1}]
      keep_receiver: [{type: last_n, count: 1}]
  - name: backups
    type: sink
    root_fs: ${rootFs}
    recv: {placeholder: {encryption: ${encryption}}}
    serve:
      type: stdinserver
      client_identities: [${identity}]
`
}

/** Runs the job with a changed configuration and asserts that neither pool was changed. */
async function refused(
  change: Change,
  around: {readonly before?: string; readonly after?: string} = {},
): Promise<Run> {
  await lab.writeFile(CONFIG, config(change))
  const before = [await poolHistory(lab, src), await poolHistory(lab, dst)]
  await lab.ok(`${around.before ?? 'true'}\n`)
  try {
    const run = await zrepl(lab, `run offsite --config ${CONFIG}`)
    expect([await poolHistory(lab, src), await poolHistory(lab, dst)]).toEqual(before)
    return run
  } finally {
    await lab.ok(`${around.after ?? 'true'}\n`)
  }
}

test('an identity that no job serves', async () => {
  const {report, exitCode, stderr} = await refused({identity: 'somebody-else'})
  expect(exitCode).toBe(3)
  expect(report.replicate?.error).toMatchObject({
    code: 'peer-refused',
    message: expect.stringContaining("'known' is not served"),
  })
  expect(stderr).toContain('client_identities')
})

test('a root_fs that does not exist', async () => {
  const {report, exitCode, stderr} = await refused({rootFs: `${dst}/nowhere`})
  expect(exitCode).toBe(1)
  expect(report.replicate?.error).toMatchObject({
    code: 'dataset-missing',
    message: expect.stringContaining(`root_fs '${dst}/nowhere' does not exist`),
  })
  expect(stderr).toContain('zfs create')
})

test('a pool that is not imported', async () => {
  const {report, exitCode} = await refused({rootFs: 'nopool/backups'})
  expect(exitCode).toBe(1)
  expect(report.replicate?.error?.message).toContain("pool 'nopool' of root_fs is not imported")
})

test('nobody listening', async () => {
  const {report, exitCode} = await refused({connect: connect.replace('port: 22', 'port: 23')})
  expect(exitCode).toBe(3)
  expect(report.replicate?.error).toMatchObject({
    code: 'peer-unreachable',
    message: expect.stringMatching(/ssh root@127\.0\.0\.1:23.*Connection refused/),
  })
})

test('a key that sshd does not accept', async () => {
  const {report, exitCode} = await refused(
    {connect: connect.replace('id_known', 'id_stranger')},
    {before: "[ -f /root/.ssh/id_stranger ] || ssh-keygen -q -t ed25519 -N '' -f /root/.ssh/id_stranger"},
  )
  expect(exitCode).toBe(3)
  expect(report.replicate?.error?.message).toContain('Permission denied')
})

test('a host key that has changed', async () => {
  const {report, exitCode} = await refused(
    {},
    {
      before:
        'cp /root/.ssh/known_hosts /root/known_hosts.good && ssh-keygen -q -t ed25519 -N \'\' -f /root/other_host && echo "127.0.0.1 $(cat /root/other_host.pub)" >/root/.ssh/known_hosts',
      after: 'mv /root/known_hosts.good /root/.ssh/known_hosts; rm -f /root/other_host*',
    },
  )
  expect(exitCode).toBe(3)
  expect(report.replicate?.error?.message).toMatch(/host key|identification/i)
})

test('no zfs on the machine', async () => {
  const {report, exitCode, stderr} = await refused(
    {},
    {
      before: 'mv /usr/sbin/zfs /usr/sbin/zfs.away; mv /sbin/zfs /sbin/zfs.away 2>/dev/null || true',
      after:
        '[ -e /usr/sbin/zfs ] || mv /usr/sbin/zfs.away /usr/sbin/zfs; [ ! -e /sbin/zfs.away ] || mv /sbin/zfs.away /sbin/zfs',
    },
  )
  expect(exitCode).toBe(1)
  expect(report.replicate?.error?.code).toBe('zfs-missing')
  expect(stderr).toContain('zfs')
})

test('placeholders whose encryption nobody has decided', async () => {
  await lab.writeFile(CONFIG, config({encryption: 'unspecified'}))
  const {report, exitCode} = await zrepl(lab, `run offsite --config ${CONFIG}`)
  expect(exitCode).toBe(1)
  expect(report.replicate?.filesystems[0]?.error).toMatchObject({
    code: 'placeholder',
    hint: expect.stringContaining('recv.placeholder.encryption'),
  })
  expect((await lab.sh(`zfs list ${dst}/backups/known/${src}\n`)).exitCode).toBe(1)
})

test('an unknown job and a wrong configuration end before anything is done', async () => {
  await lab.writeFile(CONFIG, config({}))
  const unknown = await lab.sh(`zrepl run nothing --config ${CONFIG}\n`)
  expect([unknown.exitCode, unknown.stdout]).toEqual([2, ''])
  expect(unknown.stderr).toContain("there is no job 'nothing'")
  await lab.writeFile(CONFIG, config({}).replace('root_fs', 'rootfs'))
  const wrong = await lab.sh(`zrepl run offsite --config ${CONFIG}\n`)
  expect(wrong.exitCode).toBe(2)
  expect(wrong.stderr).toMatch(/refusal\.yml:\d+:\d+: error: jobs\[1\].*rootfs/)
})

test('a conflict changes nothing and names both sides', async () => {
  await lab.writeFile(CONFIG, config({}))
  expect((await zrepl(lab, `run offsite --config ${CONFIG}`)).exitCode).toBe(0)
  const copy = `${dst}/backups/known/${src}/data`
  await lab.ok(`zfs snapshot ${copy}@foreign && zfs snapshot ${src}/data@two`)
  const before = [await poolHistory(lab, src), await poolHistory(lab, dst)]
  const {report, exitCode, stderr} = await zrepl(lab, `run offsite --config ${CONFIG}`)
  expect(exitCode).toBe(4)
  expect(report.replicate?.filesystems.map(({state}) => state)).toEqual(['conflict'])
  expect(stderr).toContain('@foreign')
  expect(stderr).toContain('last common: @one')
  expect([await poolHistory(lab, src), await poolHistory(lab, dst)]).toEqual(before)
  expect((await snapshots(lab, copy)).map((line) => line.split(' ')[0])).toEqual(['one', 'foreign'])
})

test('that somebody who says nothing holds the lock of a job is told', async () => {
  await lab.writeFile(CONFIG, config({}))
  const {stdout, exitCode} = await lab.sh(`mkdir -p -m 700 /run/zrepl
exec 9>/run/zrepl/offsite.lock
flock 9
zrepl run offsite --json --config ${CONFIG}
`)
  expect(exitCode).toBe(5)
  expect(JSON.parse(stdout).error.code).toBe('job-stuck')
})
