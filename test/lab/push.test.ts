import {afterAll, beforeAll, expect, test} from 'vitest'
import {readChromeTrace} from '../../src/lib/trace/chrome-trace.ts'
import {endOf, type TraceNode} from '../../src/lib/trace/trace-node.ts'
import {type Lab, openLab} from './lab.ts'
import {bookmarks, digestTree, guidHex, holds, poolHistory, snapshots, zrepl} from './scenario.ts'

let lab: Lab
let src: string
let dst: string
let destroy: () => Promise<void>

beforeAll(async () => {
  lab = await openLab()
  ;({src, dst, destroy} = await lab.pools())
  const config = '/etc/zrepl/push.yml'
  const connect = await lab.authorize('prod', config)
  await lab.ok(
    `zfs create ${src}/data && zfs create '${src}/data/a b' && zfs create -V 16M ${src}/data/vol && zfs create ${src}/other && zfs create ${dst}/backups`,
  )
  await lab.writeFile(config, pushConfig(src, dst, connect))
})

afterAll(async () => {
  await destroy?.()
  await lab?.close()
})

function pushConfig(src: string, dst: string, connect: string): string {
  return `jobs:
  - name: offsite
    type: push
${connect}
    filesystems:
      "${src}/data<": true
    snapshotting:
      type: periodic
      prefix: zrepl_
      interval: 1h
    pruning:
      keep_sender:
        - type: not_replicated
        - type: last_n
          count: 2
      keep_receiver:
        - type: grid
          grid: 1x1h(keep=all) | 24x1h
          regex: "^zrepl_"
        - type: regex
          regex: "^manual"
  - name: backups
    type: sink
    root_fs: ${dst}/backups
    recv:
      placeholder:
        encryption: inherit
    serve:
      type: stdinserver
      client_identities: [prod]
`
}

const run = (words: string) => zrepl(lab, `${words} --config /etc/zrepl/push.yml`)
const FILESYSTEMS = ['data', 'data/a b', 'data/vol'] as const
const received = (filesystem: string) => `${dst}/backups/prod/${src}/${filesystem}`

test('the first run takes one round of snapshots and sends each filesystem in full', async () => {
  await lab.ok(
    `echo one >'/mnt/${src}/data/a b/file' && head -c 1000000 /dev/urandom >/mnt/${src}/data/random && head -c 4000000 /dev/urandom >/dev/zvol/${src}/data/vol && sync`,
  )
  const {report, exitCode, stderr} = await run('run offsite')

  expect(stderr).toBe('')
  expect(exitCode).toBe(0)
  expect(report.snapshot?.filesystems.map(({filesystem, state}) => `${filesystem} ${state}`)).toEqual(
    FILESYSTEMS.map((name) => `${src}/${name} taken`),
  )
  expect(
    report.replicate?.filesystems.map(
      ({filesystem, state, steps}) => `${filesystem} ${state} ${steps.map(({from}) => from ?? 'full')}`,
    ),
  ).toEqual(FILESYSTEMS.map((name) => `${src}/${name} done full`))
})

test('the second and third run send increments by guid', async () => {
  for (const round of ['two', 'three']) {
    await lab.ok(
      `echo ${round} >>'/mnt/${src}/data/a b/file' && head -c 100000 /dev/urandom >/mnt/${src}/data/${round}`,
    )
    const {report, exitCode} = await run(`run offsite --only replicate,prune`)
    expect(exitCode).toBe(0)
    expect(report.replicate?.filesystems.map(({state}) => state)).toEqual([
      'up-to-date',
      'up-to-date',
      'up-to-date',
    ])

    const snap = await run(`snap offsite --name manual_${round}`)
    expect(snap.report.snapshot?.name).toBe(`manual_${round}`)
    const sent = await run('replicate offsite')
    expect(sent.exitCode).toBe(0)
    expect(
      sent.report.replicate?.filesystems.map(({steps}) =>
        steps.map(({to, from}) => `${from === undefined} ${to}`),
      ),
    ).toEqual(FILESYSTEMS.map(() => [`false @manual_${round}`]))
  }
})

test.each(FILESYSTEMS)('%s has the same snapshots on both sides, by guid', async (name) => {
  const ours = await snapshots(lab, `${src}/${name}`)
  expect(ours).toHaveLength(3)
  expect(await snapshots(lab, received(name))).toEqual(ours)
})

test('file contents are equal in the received snapshots', async () => {
  for (const name of ['data', 'data/a b']) {
    const digest = await digestTree(lab, `${src}/${name}@manual_three`)
    expect(digest).toContain(name === 'data' ? './random' : './file')
    expect(await digestTree(lab, `${received(name)}@manual_three`)).toBe(digest)
  }
})

test('all snapshots of a round have the same creation and were taken in one transaction', async () => {
  const txgs = await lab.ok(`zfs list -Hp -t snapshot -o createtxg,creation -r ${src}/data | sort -u\n`)
  expect(txgs.trim().split('\n')).toHaveLength(3)
})

test.each(FILESYSTEMS)(
  '%s carries exactly one cursor and one last-received hold, by zrepl’s names',
  async (name) => {
    const newest = (await snapshots(lab, `${src}/${name}`)).at(-1)?.split(' ')[1] ?? ''
    expect(await bookmarks(lab, `${src}/${name}`)).toEqual([`zrepl_CURSOR_G_${guidHex(newest)}_J_offsite`])
    expect(await holds(lab, `${src}/${name}`)).toEqual([])
    expect(await holds(lab, received(name))).toEqual(['manual_three zrepl_last_received_J_backups'])
  },
)

test('ancestors that are not replicated are placeholders, and nothing is mounted', async () => {
  const listed = await lab.ok(
    `zfs get -Hp -r -t filesystem,volume -s local -o name,value zrepl:placeholder ${dst}\n`,
  )
  expect(listed.trim().split('\n')).toEqual([`${dst}/backups/prod\ton`, `${dst}/backups/prod/${src}\ton`])
  expect(await lab.ok(`zfs list -H -o name,mounted -r ${dst}/backups/prod | grep yes || true\n`)).toBe('')
})

test('what is not in the filter is not replicated', async () => {
  expect((await lab.sh(`zfs list ${received('other')}\n`)).exitCode).toBe(1)
})

test('prune leaves what the rules say', async () => {
  const {report, exitCode} = await run('prune offsite')
  expect(exitCode).toBe(0)
  const sender = (await snapshots(lab, `${src}/data`)).map((line) => line.split(' ')[0])
  expect(sender).toEqual(['manual_two', 'manual_three'])
  const receiver = (await snapshots(lab, received('data'))).map((line) =>
    line.split(' ')[0]?.replace(/\d{8}_\d{6}/, 'T'),
  )
  expect(receiver).toEqual(['zrepl_T_000', 'manual_two', 'manual_three'])
  expect(
    report.pruneSender?.filesystems.flatMap(({snapshots}) =>
      snapshots.filter(({state}) => state === 'destroyed'),
    ),
  ).toHaveLength(3)
})

test('a run with nothing to do exits 0 and changes nothing on either side', async () => {
  const settle = await run('run offsite')
  expect(settle.exitCode).toBe(0)
  const before = [await poolHistory(lab, src), await poolHistory(lab, dst)]
  const {report, exitCode} = await run('run offsite')
  expect(exitCode).toBe(0)
  expect(report.snapshot?.filesystems.map(({state}) => state)).toEqual(['not-due', 'not-due', 'not-due'])
  expect(report.replicate?.filesystems.map(({state}) => state)).toEqual([
    'up-to-date',
    'up-to-date',
    'up-to-date',
  ])
  expect([await poolHistory(lab, src), await poolHistory(lab, dst)]).toEqual(before)
})

test('a dry run tells sizes and reasons, and changes nothing', async () => {
  await run('snap offsite --name manual_four')
  const before = [await poolHistory(lab, src), await poolHistory(lab, dst)]
  const {report, exitCode} = await run('plan offsite')
  expect(exitCode).toBe(0)
  expect(report.dryRun).toBe(true)
  expect(report.replicate?.filesystems[0]?.steps[0]).toMatchObject({to: '@manual_four', state: 'planned'})
  expect(report.replicate?.filesystems[0]?.steps[0]?.expectedBytes).toMatch(/^[0-9]+$/)
  expect([await poolHistory(lab, src), await poolHistory(lab, dst)]).toEqual(before)
})

test('the trace of a run over ssh has the far receive below the step that caused it', async () => {
  const {exitCode} = await run('replicate offsite --trace /tmp/push-trace.json')
  expect(exitCode).toBe(0)
  const nodes = readChromeTrace(await lab.ok('cat /tmp/push-trace.json\n')).flatMap((root) => [
    ...pathsOf(root),
  ])
  const receives = nodes.filter(({path}) => path.at(-1)?.name === 'libzfs_core receive')
  expect(receives.map(({path}) => path.map(({name}) => name).slice(-6, -1))).toEqual(
    FILESYSTEMS.map(() => ['replicate', 'filesystem', 'step', 'request receive', 'serve receive']),
  )
  for (const {path} of receives) {
    expect(path.map(({args}) => args['host'] !== undefined).slice(-3)).toEqual([false, true, true])
    expect(path.at(-1)?.args).toMatchObject({errno: 0, userMs: expect.any(Number)})
  }
  expect(
    nodes.filter(({path}) => {
      const [outer, inner] = path.slice(-2)
      return inner !== undefined && outer !== undefined && !isWithin(inner, outer)
    }),
  ).toEqual([])
})

/** A span with all around it, the outermost first, for each span. */
function* pathsOf(
  node: TraceNode,
  above: readonly TraceNode[] = [],
): Generator<{path: readonly TraceNode[]}> {
  const path = [...above, node]
  yield {path}
  for (const child of node.children) yield* pathsOf(child, path)
}

function isWithin(inner: TraceNode, outer: TraceNode): boolean {
  return inner.startUs >= outer.startUs && endOf(inner) <= endOf(outer)
}
