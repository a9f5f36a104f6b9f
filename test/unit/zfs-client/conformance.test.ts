import {expect, test} from 'vitest'
import {OperationalError} from '../../../src/lib/core/errors.ts'
import {isSnapshot, nameOfSnapshot} from '../../../src/lib/zfs/version.ts'
import type {LibraryCall} from '../../../src/lib/zfs-client/call-library.ts'
import type {RunProgram} from '../../../src/lib/zfs-client/run-program.ts'
import {createZfsCliClient} from '../../../src/lib/zfs-client/zfs-cli-client.ts'
import {createZfsLibraryClient} from '../../../src/lib/zfs-client/zfs-library-client.ts'
import {CASES, type Stage} from '../../client-conformance/cases.ts'
import {deliver} from '../../deliver.ts'
import {createSimulatedLibrary} from '../../sim/library.ts'
import {addPool, createHost, type Host} from '../../sim/pool.ts'
import {resultOf} from '../../sim/process/program.ts'
import {PROFILES} from '../../sim/profile.ts'
import {createRandom} from '../../sim/random.ts'
import {runCommand} from '../../sim/zfs.ts'
import {changingLibrary} from './changing-library.ts'
import {testContext} from './scripted-program.ts'

type Access = 'cli' | 'library'

function stage(access: Access, profile: keyof typeof PROFILES = '2.3.2') {
  const nature = {random: createRandom(1), nowMs: 1_700_000_000_000, writes: 0, taken: new Map()}
  const host: Host = createHost('host', PROFILES[profile], nature)
  addPool(host, 'tank')
  const argv: string[] = []
  const calls: LibraryCall[] = []
  const run: RunProgram = async (_, call) => {
    argv.push(call.argv.join(' '))
    const {stdin} = call
    const input = stdin !== 'none' && 'text' in stdin ? stdin.text : ''
    return deliver(call, resultOf(runCommand(host, call.argv, input)))
  }
  const cli = createZfsCliClient(run)
  const stage: Stage = {
    client:
      access === 'cli'
        ? cli
        : createZfsLibraryClient(changingLibrary(createSimulatedLibrary(host, calls)), cli),
    root: 'tank',
    ctx: testContext(),
    zfs(...words) {
      const {exitCode, stderr} = runCommand(host, words)
      if (exitCode !== 0) throw new Error(stderr)
    },
  }
  return {stage: {...stage, host}, argv, calls}
}

test.each(CASES.flatMap((one) => (['cli', 'library'] as const).map((access) => ({...one, access}))))(
  '$access, $name',
  async ({access, run, expected}) => {
    expect(await run(stage(access).stage)).toEqual(expected)
  },
)

/** Everything a run does to many filesystems at once: what it costs must not grow with their number. */
async function changeAll(count: number): Promise<{calls: readonly string[]; argv: readonly string[]}> {
  const {stage: on, calls, argv} = stage('library')
  const names = Array.from({length: count}, (_, index) => `tank/f${index}`)
  for (const name of names) on.zfs('create', name)
  const {parseSnapshotName, parseBookmarkName, parseDatasetName, parseHoldTag} = await import(
    '../../../src/lib/zfs/name.ts'
  )
  const snapshots = names.map((name) => parseSnapshotName(`${name}@s`))
  const holds = snapshots.map((snapshot) => ({snapshot, tag: parseHoldTag('tag')}))
  await on.client.snapshot(on.ctx, snapshots)
  await on.client.hold(on.ctx, holds)
  const versions = await on.client.listVersions(on.ctx, names.map(parseDatasetName))
  const bookmarks = Array.from(versions.values(), ([source], index) => {
    if (source === undefined) throw new Error('no snapshot')
    return {bookmark: parseBookmarkName(`tank/f${index}#b`), source}
  })
  await on.client.bookmark(on.ctx, bookmarks)
  await on.client.release(on.ctx, holds)
  await on.client.destroyBookmarks(
    on.ctx,
    bookmarks.map(({bookmark}) => bookmark),
  )
  await on.client.destroySnapshots(
    on.ctx,
    Array.from(versions.values()).flatMap((all) =>
      all.filter(isSnapshot).map((one) => ({name: nameOfSnapshot(one), guid: one.guid})),
    ),
  )
  return {
    calls: calls.map(({operation, objects}) => `${operation} ${objects.length}`),
    argv: argv.map((words) => words.split(' ')[0] ?? ''),
  }
}

test.each([10, 100])('%i filesystems are changed by one call each kind, and no command', async (count) => {
  expect(await changeAll(count)).toEqual({
    calls: [
      `snapshot ${count}`,
      `hold ${count}`,
      `bookmark ${count}`,
      `release ${count}`,
      `destroy-bookmarks ${count}`,
      `destroy-judged ${count}`,
    ],
    argv: ['list'],
  })
})

test.each(CASES)(
  'without an answer of the library the command does it all: $name',
  async ({run, expected}) => {
    const {stage: on} = stage('cli')
    const client = createZfsLibraryClient(
      changingLibrary(async () => undefined),
      on.client,
    )
    expect(await run({...on, client})).toEqual(expected)
  },
)

test('what stops a call stops the request', async () => {
  const {stage: on} = stage('cli')
  const late = new OperationalError('deadline', 'late')
  const library = changingLibrary(async () => {
    throw late
  })
  const client = createZfsLibraryClient(library, on.client)
  const holding = CASES.find(({name}) => name.startsWith('hold: new'))
  await expect(holding?.run({...on, client})).rejects.toBe(late)
})

const HELD_AND_CLONED = CASES.find(({name}) => name.startsWith('destroySnapshots: held'))

test('one call destroys all that can be; only what is in use is looked at again', async () => {
  const {stage: on, argv, calls} = stage('library')
  await HELD_AND_CLONED?.run(on)
  expect(calls.map(({operation, objects}) => `${operation} ${objects.length}`)).toEqual([
    'destroy-judged 5',
    'destroy-snapshots 1',
  ])
  expect(argv.filter((words) => /^(destroy|program)/.test(words))).toEqual([])
})

test('where channel programs are not permitted, without what the kernel refuses the rest is done by a second call, not by commands', async () => {
  const {stage: on, argv} = stage('cli')
  const calls: LibraryCall[] = []
  const call = createSimulatedLibrary(on.host, calls)
  const library = changingLibrary(async (ctx, one) =>
    one.operation === 'destroy-judged' ? {errno: 1, errors: {}} : await call(ctx, one),
  )
  const client = createZfsLibraryClient(library, on.client)
  expect(await HELD_AND_CLONED?.run({...on, client})).toEqual(HELD_AND_CLONED?.expected)
  // The one that has a clone is left out by the listing.
  expect(calls.map(({operation, objects}) => `${operation} ${objects.length}`)).toEqual([
    'destroy-snapshots 3',
    'destroy-snapshots 2',
  ])
  expect(argv.filter((words) => /^(destroy|program)/.test(words))).toEqual([])
})
