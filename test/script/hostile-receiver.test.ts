import {chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {afterAll, beforeAll, expect, test, vi} from 'vitest'
import type {RunReport} from '../../src/lib/report/report.ts'
import {BUN} from '../../tools/paths.ts'
import {type Installed, installZfs} from '../sim/machine/install.ts'
import {createMachine, withMachine} from '../sim/machine/state.ts'
import {
  addDataset,
  addSnapshots,
  type Host,
  mustFindDataset,
  mustFindPool,
  nextTxg,
  writeBlock,
} from '../sim/pool.ts'
import {createRandom} from '../sim/random.ts'
import {encodeResumeToken} from '../unit/zfs/encode-resume-token.ts'
import {craftedTokens, type Prey, randomToken, type Target} from './hostile/forge.ts'
import type {Claims, Seen} from './hostile/receiver.ts'
import {runToEnd} from './run-to-end.ts'

/** The compiled executable pushes to a receiver that lies about what it has, over what it takes for ssh. */
const EXECUTABLE = join(import.meta.dirname, '..', '..', 'dist', 'zrepl')
const RANDOM_TOKENS = 20
const seed = Number(process.env['FORGE_SEED'] ?? Math.floor(Date.now() / 1000))

vi.setConfig({testTimeout: 180_000, hookTimeout: 180_000})

let dir: string
let installed: Installed
/** What each job sends, and what is offered for it. */
const KINDS = ['plain', 'raw', 'decrypted'] as const
type Kind = (typeof KINDS)[number]
/** For a receiver that lies about what it has received. */
const KEPT = 'tank/kept/data'
const prey: Record<Kind, Prey[]> = {plain: [], raw: [], decrypted: []}
const tokens: Record<string, string> = {}

beforeAll(async () => {
  dir = mkdtempSync('/var/tmp/zrepl-hostile-')
  const host = createMachine('2.3.2')
  for (const root of ['tank/plain', 'tank/kept']) addDataset(host, root, 'filesystem')
  addTarget(host, KEPT, ['1', '2', '3', '4'])
  for (const root of ['tank/raw', 'tank/decrypted'])
    addDataset(host, root, 'filesystem').encryption = {root, keyLoaded: true}
  const random = createRandom(seed)
  for (const kind of KINDS) {
    const raw = kind === 'raw'
    const secret = addTarget(host, `tank/${kind}/secret`)
    const count = craftedTokens({asked: secret, secret, raw}).length
    for (let index = 0; index <= count + RANDOM_TOKENS; index += 1) {
      const asked = addTarget(host, `tank/${kind}/${index}`)
      const known: Prey = {asked, secret, raw}
      prey[kind].push(known)
      // The last one is honest, which shows that a token is what they are resumed by.
      tokens[asked.name] =
        craftedTokens(known)[index] ??
        (index === count + RANDOM_TOKENS ? honestToken(known) : randomToken(known, random))
    }
  }
  installed = await installZfs(dir, host)
  const ssh = join(dir, 'sbin', 'ssh')
  writeFileSync(
    ssh,
    `#!/bin/sh\nexec '${BUN}' '${join(import.meta.dirname, 'hostile', 'receiver.ts')}' '${dir}'\n`,
  )
  chmodSync(ssh, 0o755)
  writeFileSync(join(dir, 'key'), '', {mode: 0o600})
})

afterAll(() => rmSync(dir, {recursive: true, force: true}))

/** A filesystem with snapshots of different content. */
function addTarget(host: Host, name: string, snapshots = ['1', '2']): Target {
  const dataset = addDataset(host, name, 'filesystem')
  for (const snapshot of snapshots) {
    writeBlock(host, dataset, Number(snapshot))
    addSnapshots(host, [dataset], snapshot, nextTxg(mustFindPool(host, name)))
  }
  const [first, second] = dataset.snapshots
  return {name, guids: [first?.guid ?? '', second?.guid ?? '']}
}

function honestToken({asked, raw}: Prey): string {
  const [, guid] = asked.guids
  return encodeResumeToken({toname: `${asked.name}@2`, toguid: BigInt(guid), object: 1n, bytes: 1n, raw})
}

function seen(): readonly Seen[] {
  return readFileSync(join(dir, 'seen'), 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line))
}

/** Runs the job whose receiver offers these tokens. */
async function push(kind: Kind, tokens: Readonly<Record<string, string>>): Promise<RunReport> {
  const filesystems = Object.entries(tokens).map(([filesystem, resumeToken]) => ({filesystem, resumeToken}))
  return await run('replicate', kind, {filesystems, pretends: false})
}

/** Runs the job whose receiver claims all this. */
async function run(verb: 'replicate' | 'run', kind: Kind | 'kept', claims: Claims): Promise<RunReport> {
  writeFileSync(join(dir, 'claims'), JSON.stringify(claims))
  writeFileSync(join(dir, 'seen'), '')
  const config = join(dir, `${kind}.yml`)
  writeFileSync(
    config,
    `jobs:
  - name: ${kind}
    type: push
    connect: {type: ssh+stdinserver, host: backup, user: root, port: 22, identity_file: ${join(dir, 'key')}}
    filesystems: {"tank/${kind}<": true, "tank/${kind}": false, "tank/${kind}/secret": false}
    snapshotting: {type: manual}
    send: {encrypted: ${kind === 'raw'}}
    conflict_resolution: {initial_replication: all}
    pruning: {keep_sender: [{type: not_replicated}, {type: last_n, count: 2}], keep_receiver: [{type: last_n, count: 1}]}
`,
    {mode: 0o600},
  )
  const argv = [EXECUTABLE, verb, kind, '--json', '--config', config]
  const {stdout, stderr} = await runToEnd(installed.inside(argv), {
    cwd: '/',
    env: {PATH: '/usr/bin:/bin:/usr/sbin:/sbin'},
  })
  if (!stdout.startsWith('{')) throw new Error(stderr)
  return JSON.parse(stdout)
}

test.each(KINDS)(
  'whatever tokens a receiver offers, a %s job sends what it has planned, and nothing else',
  async (kind) => {
    const report = await push(kind, tokens)
    const asked = new Map(prey[kind].map(({asked}) => [asked.name, asked]))
    const wrong = seen().filter(({filesystem, to, stream}) => {
      const guids: readonly string[] = asked.get(filesystem)?.guids ?? []
      return (
        stream.kind !== 'header' ||
        stream.toguid !== to ||
        !guids.includes(to) ||
        stream.fromguid !== undefined ||
        !stream.toname.startsWith(`${filesystem}@`) ||
        stream.raw !== (kind === 'raw') ||
        stream.compound ||
        stream.redacted
      )
    })
    expect(wrong, `FORGE_SEED=${seed}`).toEqual([])
    // No token keeps a filesystem from being sent, and the honest one is the one that is continued, before it is given up.
    expect(new Set(seen().map(({filesystem}) => filesystem))).toEqual(new Set(asked.keys()))
    const last = prey[kind].at(-1)?.asked.name
    expect(seen().find(({filesystem}) => filesystem === last)?.stream).toMatchObject({resuming: true})
    const codes = new Set(report.replicate?.filesystems.map(({error}) => error?.code))
    expect(codes).toEqual(new Set(['receive-failed']))
  },
)

test('a token of a million characters ends the run before anything is sent', async () => {
  const report = await push('plain', {'tank/plain/0': '1-0-c0-'.padEnd(1_000_000, '0')})
  expect([report.exitStatus, report.replicate?.error?.code]).toEqual([3, 'peer-protocol'])
  expect(seen()).toEqual([])
})

/** What the sender has of the filesystem that is lied about. */
function kept() {
  return withMachine(installed.machine, (host) => {
    const {snapshots, bookmarks} = mustFindDataset(host, KEPT)
    return {
      snapshots: snapshots.map(({name}) => name),
      held: snapshots.filter(({holds}) => holds.size > 0).map(({name}) => name),
      bookmarks: bookmarks.map(({guid}) => snapshots.findLast((one) => one.guid === guid)?.name),
    }
  })
}

const reportOf = ({replicate}: RunReport) =>
  replicate?.filesystems.find(({filesystem}) => filesystem === KEPT)
const NOTHING: Claims = {filesystems: [], pretends: true}

test('a receiver that says it has received what it has thrown away costs the sender nothing its rules keep', async () => {
  const report = await run('replicate', 'kept', NOTHING)
  expect(reportOf(report)).toMatchObject({state: 'done', warnings: []})
  expect(seen()).toHaveLength(4)
  const snapshots = withMachine(installed.machine, (host) =>
    mustFindDataset(host, KEPT).snapshots.map(({name, guid}) => ({name, guid})),
  )
  // It goes on to claim that it has all of them, and the sender prunes by its rules.
  await run('run', 'kept', {...NOTHING, filesystems: [{filesystem: KEPT, snapshots}]})
  expect(kept()).toEqual({snapshots: ['3', '4'], held: [], bookmarks: ['4']})
})

test('a receiver that has lost everything, or says so, gets everything again, and each time the report says so', async () => {
  for (const _ of ['once', 'again']) {
    const report = await run('run', 'kept', NOTHING)
    expect(reportOf(report)).toMatchObject({
      state: 'done',
      steps: [
        {to: '@3', state: 'done'},
        {to: '@4', state: 'done'},
      ],
      warnings: [expect.stringMatching(/^the receiver has nothing of it any more: all is sent again/)],
    })
    expect(kept()).toEqual({snapshots: ['3', '4'], held: [], bookmarks: ['4']})
  }
})

test('a receiver that claims to have a snapshot it lacks gets an increment that it cannot use, and no more', async () => {
  const guid = withMachine(installed.machine, (host) => mustFindDataset(host, KEPT).snapshots[0]?.guid ?? '')
  const report = await run('run', 'kept', {
    filesystems: [{filesystem: KEPT, snapshots: [{name: '3', guid}]}],
    pretends: false,
  })
  expect(reportOf(report)).toMatchObject({state: 'failed', error: {code: 'receive-failed'}})
  expect(seen().map(({stream}) => stream)).toMatchObject([{kind: 'header', fromguid: guid}])
  expect(kept()).toMatchObject({snapshots: ['3', '4'], bookmarks: ['4']})
})
