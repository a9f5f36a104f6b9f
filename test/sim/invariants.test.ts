import {describe, expect, test} from 'vitest'
import {createInvariants, type Violation} from './invariants.ts'
import {allDatasets, type Dataset, findDataset, type Host, mustFindDataset, writeBlock} from './pool.ts'
import {createTimers} from './process/clock.ts'
import type {Entry} from './process/entry.ts'
import {createProcess} from './process/process.ts'
import {resultOf} from './process/program.ts'
import {leftovers, unsent} from './quiescence.ts'
import {run} from './run.ts'
import {createStage} from './stage.ts'
import {STEP_TAG} from './view.ts'
import {copyWorld, createWorld, passAnHour, receiverName, type World} from './world.ts'
import {SILENT} from './zfs/answer.ts'
import {runCommand} from './zfs.ts'

const FS = 'tank/data'
const NEVER = new AbortController().signal

/** After a first run, and with two snapshots since that have not been sent. */
const REPLICATED = createWorld({})
await run(REPLICATED)
passAnHour(REPLICATED, 'later')

/** Gives commands as a process of the program would, one run or several, and tells which invariants saw something wrong. */
function pretend(world: World, knows: 'everything' | 'nothing' = 'everything') {
  const invariants = createInvariants(world)
  const timers = createTimers(world.nature)
  const processes = new Map<string, Entry['process']>()
  let index = 0

  function processOn(host: Host, run: string): Entry['process'] {
    const key = `${host.name} ${run}`
    const process = processes.get(key) ?? createProcess('active', host, timers, {signal: NEVER, run})
    processes.set(key, process)
    return process
  }

  function give(host: Host, argv: readonly string[], run = 'run', stream?: Entry['stream']): Entry {
    const entry: Entry = {
      index,
      process: processOn(host, run),
      argv,
      mutates: argv[0] !== 'list',
      stream,
      faults: [],
      peers: 0,
      libraryCall: undefined,
      isOver: false,
    }
    index += 1
    if (knows === 'everything') listAll(entry.process)
    invariants.before(entry)
    if (stream === 'out') return entry
    const result = resultOf(stream === 'in' ? SILENT : runCommand(host, argv))
    if (result.exitCode !== 0) throw new Error(result.stderr)
    invariants.after(entry, result)
    entry.isOver = true
    return entry
  }

  return {
    give,
    end: () => invariants.end(),
    violations: (): readonly Violation[] => invariants.violations,
    broken: () => Array.from(new Set(invariants.violations.map(({invariant}) => invariant))).sort(),
  }
}

/** A guid as it stands in the names of cursors. */
function hexOf(guid: string): string {
  return BigInt(guid).toString(16).padStart(16, '0')
}

/** What it would know if it had just listed its host. */
function listAll({host, seen, firstSeen}: Entry['process']): void {
  for (const {name, snapshots, bookmarks} of allDatasets(host)) {
    const versions = [
      ...snapshots.map((one): [string, string] => [`${name}@${one.name}`, one.guid]),
      ...bookmarks.map((one): [string, string] => [`${name}#${one.name}`, one.guid]),
    ]
    for (const [full, guid] of [[name, undefined] as const, ...versions]) {
      seen.set(full, guid)
      firstSeen.set(full, guid)
    }
  }
}

function snapshotNames(host: Host, name: string): readonly string[] {
  return (findDataset(host, name)?.snapshots ?? []).map((snapshot) => `${name}@${snapshot.name}`)
}

/** A history that breaks it, and what else it breaks. A check that nothing can make speak proves nothing. */
describe('each invariant sees what breaks it', () => {
  const cases: readonly (readonly [string, (world: World, as: ReturnType<typeof pretend>) => void])[] = [
    [
      'I1',
      ({sender, receiver}, {give}) => {
        const copy = mustFindDataset(receiver, `vault/backups/prod/${FS}`).snapshots.at(-1)
        const cursor = mustFindDataset(sender, FS).bookmarks[0]?.name
        give(sender, ['destroy', `${FS}#${cursor}`])
        give(sender, ['destroy', `${FS}@${copy?.name}`])
      },
    ],
    [
      'I1b',
      ({receiver}, {give}) => {
        const copy = `vault/backups/prod/${FS}`
        const last = mustFindDataset(receiver, copy).snapshots.at(-1)
        last?.holds.clear()
        give(receiver, ['destroy', `${copy}@${last?.name}`])
      },
    ],
    [
      'I1c',
      ({receiver}, {give}) => {
        const copy = mustFindDataset(receiver, `vault/backups/prod/${FS}`)
        for (const {holds} of copy.snapshots) holds.clear()
        for (const name of snapshotNames(receiver, copy.name)) give(receiver, ['destroy', name])
      },
    ],
    [
      'I3',
      ({sender}, {give}) => {
        const {snapshots, bookmarks} = mustFindDataset(sender, FS)
        const [cursor] = bookmarks
        for (const {name, guid} of snapshots) {
          const named = cursor?.name.replace(hexOf(cursor.guid), hexOf(guid))
          if (named !== cursor?.name) give(sender, ['bookmark', `${FS}@${name}`, `${FS}#${named}`])
        }
      },
    ],
    [
      'I4',
      (world, {give}) => {
        const copy = mustFindDataset(world.receiver, receiverName(world, FS))
        const [first] = copy.snapshots
        if (first !== undefined) copy.snapshots[0] = {...first, content: [7]}
        give(world.receiver, ['receive', '-s', '-u', `${copy.name}@${first?.name}`], 'run', 'in')
      },
    ],
    [
      'I6',
      ({sender}, {give, end}) => {
        give(sender, ['snapshot', 'tank/other@zrepl_x'])
        end()
      },
    ],
    [
      'I7',
      ({sender}, {give}) => void give(sender, ['rollback', '-r', snapshotNames(sender, FS).at(-1) ?? '']),
    ],
    [
      'I8',
      ({sender}, {give}) => {
        const newest = mustFindDataset(sender, FS).snapshots.at(-1)
        give(sender, ['bookmark', `${FS}@${newest?.name}`, `${FS}#zrepl_CURSOR_G_0123456789abcdef_J_offsite`])
      },
    ],
    ['I9', ({sender}, {give}) => void give(sender, ['destroy', snapshotNames(sender, FS).at(-1) ?? ''])],
    [
      'I10',
      ({sender}, {give}) => {
        const names = snapshotNames(sender, FS)
        give(sender, ['hold', STEP_TAG, names[0] ?? ''], 'one')
        give(sender, ['hold', STEP_TAG, names[1] ?? ''], 'another')
        give(sender, ['release', STEP_TAG, names[0] ?? ''], 'one')
      },
    ],
    ['I17', ({sender}, {give}) => void give(sender, ['hold', STEP_TAG, snapshotNames(sender, FS)[0] ?? ''])],
    [
      'gap',
      ({sender}, {give}) => {
        const cursor = mustFindDataset(sender, FS).bookmarks[0]?.name
        give(sender, ['destroy', `${FS}#${cursor}`])
      },
    ],
    [
      'guarantee',
      ({sender}, {give}) => void give(sender, ['send', snapshotNames(sender, FS).at(-1) ?? ''], 'run', 'out'),
    ],
  ]

  test.each(cases)('%s', (invariant, breakIt) => {
    const world = copyWorld(REPLICATED)
    const as = pretend(world, invariant === 'I17' ? 'nothing' : 'everything')
    breakIt(world, as)
    expect(as.broken()).toContain(invariant)
  })

  test.each<[string, (world: World, copy: Dataset) => void]>([
    ['is still on the sender', () => undefined],
    ['pool is away', ({sender}) => void sender.pools.delete('tank')],
    ['was received by another job', (_, {snapshots}) => snapshots.forEach(({holds}) => void holds.clear())],
  ])('I9, of a copy that is not shown and %s', (why, change) => {
    const usual = copyWorld(REPLICATED)
    const world = {
      ...usual,
      options: {...usual.options, rewritten: [['"tank/data<"', '"tank/data/vol"'] as const]},
    }
    const copy = mustFindDataset(world.receiver, receiverName(world, FS))
    change(world, copy)
    const as = pretend(world)
    as.give(world.receiver, ['destroy', snapshotNames(world.receiver, copy.name)[0] ?? ''])
    expect(as.violations().map(({invariant, what}) => `${invariant} ${what}`)).toContainEqual(
      expect.stringMatching(new RegExp(`^I9 .*${why}$`)),
    )
  })

  test('I10, while a command of a run that is gone still works', () => {
    const world = copyWorld(REPLICATED)
    const as = pretend(world)
    const [first = '', second = ''] = snapshotNames(world.sender, FS)
    as.give(world.sender, ['send', first], 'one', 'out')
    as.give(world.sender, ['hold', STEP_TAG, second], 'another')
    expect(as.broken()).toContain('I10')
  })

  test('I10 lets a run begin when another is through', () => {
    const world = copyWorld(REPLICATED)
    const as = pretend(world)
    const [first = '', second = ''] = snapshotNames(world.sender, FS)
    as.give(world.sender, ['hold', STEP_TAG, first], 'one')
    as.give(world.sender, ['hold', STEP_TAG, second], 'another')
    expect(as.broken()).toEqual([])
  })

  test('I12: a stream that takes days', async () => {
    const world = copyWorld(REPLICATED)
    const {violations} = await run(world, {faults: [{kind: 'delay', at: 'send:0', ms: 48 * 3_600_000}]})
    expect(violations).toMatchObject([{invariant: 'I12', what: 'the active process waits for ever'}])
  })

  test('I15: a dry run that starts a change', () => {
    const world = copyWorld(REPLICATED)
    const invariants = createInvariants(world)
    const {director, active} = createStage(world, [], invariants, {dryRun: true})
    director.begin(active, {argv: ['list'], mutates: false, stdin: 'none', stdout: 'text'})
    expect(invariants.violations).toEqual([])
    director.begin(active, {argv: ['snapshot', `${FS}@x`], mutates: true, stdin: 'none', stdout: 'text'})
    expect(invariants.violations).toMatchObject([{invariant: 'I15'}])
  })

  test('I3 and I5 when all is quiet: what is left over, and what has not arrived', async () => {
    const world = copyWorld(REPLICATED)
    expect(unsent(world)).toContain(`${FS}@later_2 is not on the receiver`)
    await run(world)
    world.nature.nowMs += 60_000
    expect([...unsent(world), ...leftovers(world)]).toEqual([])
    const [first = ''] = snapshotNames(world.sender, FS)
    runCommand(world.sender, ['hold', STEP_TAG, first])
    runCommand(world.sender, ['bookmark', first, `${FS}#zrepl_CURSORTENTATIVE__G_x_J_offsite`])
    expect(leftovers(world)).toEqual([`${first.replace('@', ' @')} has a step hold`])
    writeBlock(world.sender, mustFindDataset(world.sender, FS), 0)
    runCommand(world.sender, ['snapshot', `${FS}@new`])
    expect(unsent(world)).toEqual([`${FS}@new is not on the receiver`])
  })
})
