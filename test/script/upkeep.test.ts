import {mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {afterAll, beforeAll, expect, test} from 'vitest'
import {encodeResumeToken} from '../unit/zfs/encode-resume-token.ts'
import {runToEnd} from './run-to-end.ts'

const EXECUTABLE = join(import.meta.dirname, '..', '..', 'dist', 'zrepl')

let dir: string
let config: string

beforeAll(() => {
  dir = mkdtempSync('/var/tmp/zrepl-upkeep-')
  config = join(dir, 'zrepl.yml')
  writeFileSync(config, CONFIG, {mode: 0o600})
})

afterAll(() => rmSync(dir, {recursive: true, force: true}))

const CONFIG = `jobs:
  - name: snaps
    type: snap
    filesystems: {"tank<": true, "tank/tmp<": false}
    snapshotting: {type: manual}
    pruning: {keep: [{type: last_n, count: 3}]}
  - name: old
    type: sink
    root_fs: tank/old
    serve: {type: local, listener_name: old}
`

/** Words are separated by single spaces; CONFIG stands for the configuration. */
async function zrepl(line: string) {
  const words = line.split(' ').map((word) => (word === 'CONFIG' ? config : word))
  return await runToEnd([EXECUTABLE, ...words], {cwd: dir, env: {PATH: '/usr/bin:/bin'}})
}

test.each([
  ['holds list --type hold', /step-hold, last-received-hold/],
  ['holds list --fs tank', /--fs/],
  ['holds list tank/', /slash/],
  ['holds list --job _x', /starts with _/],
  ['holds list --config /nowhere', /nowhere/],
  ['holds release', /object/i],
  ['holds release tank/a@1 keep', /'keep' is not ours/],
  ['holds release tank/a zrepl_STEP_J_a', /no delimiter/],
  ['zfs-abstraction list tank', /not found/],
  ['zfs-abstraction list --fs tank:ok,home', /PATTERN:ok/],
  ['zfs-abstraction release-all', /--dry-run.*--yes/],
  ['zfs-abstraction release-all --yes --dry-run', /yes|dry-run/],
  ['zfs-abstraction release-stale --type step-hold', /neither type can be asked for alone/],
  ['migrate job-name old --config CONFIG', /new/],
  ['migrate job-name old old --config CONFIG', /the same/],
  ['migrate job-name old snaps --config CONFIG', /two jobs/],
  ['migrate job-name a b --config CONFIG', /neither 'a' nor 'b'/],
  [
    'migrate job-name old new --config CONFIG',
    /still has its old name.*hint: rename the job in the configuration first/,
  ],
  ['migrate job-name old new --dry-run --config CONFIG', /still has its old name/],
  ['migrate job-name old a/b --config CONFIG', /bad job name 'a\/b'/],
  ['migrate replication-cursor:v1-v2 --dry-run --config /nowhere', /nowhere/],
  ['migrate replication-cursor:v1-v2 --unknown', /--unknown/],
  ['migrate 0.0.X:0.1:placeholder --unknown', /--unknown/],
  ['migrate:replication-cursor:v1-v2 --unknown', /--unknown/],
  ['zfs-abstraction:release-all --unknown', /--unknown/],
  ['test filesystems --job snaps --config CONFIG', /--all, --input/],
  ['test filesystems --all --config CONFIG', /job/],
  ['test filesystems --all --input tank --job snaps --config CONFIG', /--input|--all/],
  ['test filesystems --input tank --job old --config CONFIG', /is a sink/],
  ['test filesystems --input tank/ --job snaps --config CONFIG', /bad dataset name/],
  ['test filesystems --input tank --job snap --config CONFIG', /did you mean 'snaps'/],
  ['test placeholder', /--all, --dataset/],
  ['test decoderesumetoken --token 1-a-b-c', /of no use/],
])('%s is exit 2, with a reason on stderr and nothing on stdout', async (line, reason) => {
  const {exitCode, stdout, stderr} = await zrepl(line)
  expect({exitCode, stdout}).toEqual({exitCode: 2, stdout: ''})
  expect(stderr).toMatch(reason)
  expect(stderr).not.toMatch(/ at .*\.(ts|js):/)
})

test.each([
  ['tank/a/b', 'ACCEPT\ttank/a/b\t\n'],
  ['tank/tmp', 'REJECT\ttank/tmp\t\n'],
  ['home', 'REJECT\thome\t\n'],
])('test filesystems judges %s without asking ZFS', async (input, stdout) => {
  expect(await zrepl(`test filesystems --job snaps --input ${input} --config CONFIG`)).toEqual({
    exitCode: 0,
    stdout,
    stderr: '',
  })
})

test('test decoderesumetoken shows what a token continues', async () => {
  const [fromguid, toguid] = [18446744073709551615n, 9007199254740993n]
  const token = encodeResumeToken({
    fromguid,
    toguid,
    toname: 'tank/a@b',
    object: 1n,
    offset: 0n,
    bytes: 4096n,
    raw: true,
  })
  const {exitCode, stdout, stderr} = await zrepl(`test decoderesumetoken --token ${token}`)
  expect({exitCode, stderr}).toEqual({exitCode: 0, stderr: ''})
  expect(stdout).toContain(`"FromGUID": ${fromguid},\n`)
  expect(stdout).toContain(`"ToGUID": ${toguid},\n`)
  expect(JSON.parse(stdout)).toMatchObject({
    HasFromGUID: true,
    HasToGUID: true,
    ToName: 'tank/a@b',
    RawOK: true,
    CompressOK: false,
    Bytes: 4096,
  })
})

// On a machine with ZFS the lab shows what they do.
test
  .skipIf(Bun.which('zfs') !== null)
  .each([
    ['holds list'],
    ['zfs-abstraction release-stale --dry-run'],
    ['migrate job-name new old --dry-run --config CONFIG'],
    ['migrate 0.0.X:0.1:placeholder --dry-run --config CONFIG'],
    ['test placeholder --all'],
  ])('%s needs zfs, and is exit 1 without', async (line) => {
  const {exitCode, stdout, stderr} = await zrepl(line)
  expect({exitCode, stdout}).toEqual({exitCode: 1, stdout: ''})
  expect(stderr).toContain('zfs-missing')
})
