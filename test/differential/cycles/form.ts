import type {JobOutcome} from '../../../src/lib/replicate/run-job.ts'
import type {PruneReport} from '../../../src/lib/report/report.ts'
import {classOf, describeObjects, type RawObject} from '../observe.ts'
import {POOLS, type ToldRun} from './cycle.ts'

/** A run as it was on a machine. */
export type FoundRun = {
  /** `zfs` and `zpool`, as argv. */
  readonly commands: readonly (readonly string[])[]
  readonly ended: Ended
  readonly pools: readonly FoundPool[]
}

/** `outcome` is `undefined` where there is no report. */
export type Ended = {
  readonly status: number | 'killed'
  readonly outcome: Pick<JobOutcome, 'snapshot' | 'replicate' | 'pruneSender' | 'pruneReceiver'> | undefined
}

export type FoundPool = {
  readonly pool: string
  readonly objects: readonly RawObject[]
  readonly holds: readonly (readonly [snapshot: string, tag: string])[]
  /** Local and received ones. */
  readonly properties: readonly (readonly [
    dataset: string,
    property: string,
    value: string,
    source: string,
  ])[]
}

/**
 * The form in which two machines are compared: guids are numbered by their first appearance, times in names by their rank
 * in the whole cycle, and transaction groups by theirs on their pool.
 */
export function formOf(runs: readonly FoundRun[], access: 'cli' | 'library'): readonly ToldRun[] {
  const guids = new Map<string, string>()
  const plain = createPlain(runs, guids)
  let before: readonly string[] = []
  return runs.map(({commands, ended, pools}) => {
    const state = pools.flatMap((pool) => linesOf(pool, guids)).map(plain)
    const report = reportOf(ended).map(plain)
    const sides = access === 'cli' ? sidesOf(commands, plain) : {}
    const told = {...sides, report, pools: changesFrom(before, state)}
    before = state
    return told
  })
}

/** In what two cycles differ, run by run; what is told of one of them only is not compared. */
export function differencesOf(real: readonly ToldRun[], simulated: readonly ToldRun[]): readonly string[] {
  if (real.length !== simulated.length) return [`${real.length} runs on ZFS, ${simulated.length} here`]
  return real.flatMap((told, index) =>
    PARTS.flatMap((part) => {
      const [left, right] = [told[part], simulated[index]?.[part]]
      if (left === undefined || right === undefined || left.join('\n') === right.join('\n')) return []
      const only = [
        ...left.filter((line) => !right.includes(line)).map((line) => `ZFS  ${line}`),
        ...right.filter((line) => !left.includes(line)).map((line) => `here ${line}`),
      ]
      return [`run ${index}, ${part}:`, ...(only.length === 0 ? ['another order'] : only)]
    }),
  )
}

const PARTS = ['sender', 'receiver', 'report', 'pools'] as const

function changesFrom(before: readonly string[], now: readonly string[]): readonly string[] {
  if (before.length === 0) return now
  return [
    ...before.filter((line) => !now.includes(line)).map((line) => `- ${line}`),
    ...now.filter((line) => !before.includes(line)).map((line) => `+ ${line}`),
  ]
}

function linesOf(
  {pool, objects, holds, properties}: FoundPool,
  guids: Map<string, string>,
): readonly string[] {
  const known = objects.toSorted(
    (a, b) => Number(BigInt(a.createtxg) - BigInt(b.createtxg)) || (a.name < b.name ? -1 : 1),
  )
  for (const {guid, name} of known) if (/[@#]/.test(name)) classOf(guid, guids)
  return [
    ...describeObjects(objects, pool, guids).map((line) => line.replace(/^~/, pool)),
    ...holds.map(([snapshot, tag]) => `${snapshot} held by ${tag}`).toSorted(),
    ...properties
      .map(([dataset, name, value, source]) => `${dataset} ${name}=${value} (${source})`)
      .toSorted(),
  ]
}

/**
 * Both sides work beside each other: what the one does is in order, and so is what the other does. Looks with no change
 * between them may have any order. By which looks a run knows again what there is, behind the last snapshot that it has made,
 * depends on how many seconds it has taken (docs/decisions/0014): there is told instead, of each destroy, what was listed before.
 */
function sidesOf(
  commands: FoundRun['commands'],
  plain: (text: string) => string,
): Required<Pick<ToldRun, 'sender' | 'receiver'>> {
  const of = (pool: string) => {
    const here = commands.filter((argv) => poolIn(argv) === pool)
    const last = here.findLastIndex(([verb = '']) => MAKES_SNAPSHOTS.has(verb))
    const ordered: string[] = []
    let looks: string[] = []
    for (const [index, argv] of here.entries()) {
      const line = plain(argv.map((word) => (word.includes(' ') ? `'${word}'` : word)).join(' '))
      const isBehind = last !== -1 && index > last
      if (LOOK.test(line)) {
        if (!isBehind) looks.push(line)
        continue
      }
      const seen = isBehind ? listedBefore(argv, here.slice(last + 1, index)).map(plain) : []
      ordered.push(...looks.toSorted(), ...seen, line)
      looks = []
    }
    return [...ordered, ...looks.toSorted()]
  }
  return {sender: of(POOLS.sender), receiver: of(POOLS.receiver)}
}

const LOOK = /^(get|list|holds) /
const MAKES_SNAPSHOTS: ReadonlySet<string> = new Set(['snapshot', 'send', 'receive'])

/** Of each dataset of which `argv` destroys snapshots: whether any of the commands `before` has listed them. */
function listedBefore(argv: readonly string[], before: readonly (readonly string[])[]): readonly string[] {
  if (argv[0] !== 'destroy' && argv[0] !== 'program') return []
  const datasets = new Set(argv.filter((word) => word.includes('@')).map((word) => word.replace(/@.*$/, '')))
  return Array.from(datasets, (dataset) => {
    const isListed = before.some((command) => listsSnapshotsOf(command, dataset))
    return `${dataset}: ${isListed ? 'listed' : 'not listed'} before any of it is destroyed`
  })
}

function listsSnapshotsOf(argv: readonly string[], dataset: string): boolean {
  if (argv[0] !== 'list' || !argv.includes('snapshot,bookmark')) return false
  const isDeep = argv.includes('-r') && !argv.includes('-d')
  return argv.some(
    (word) =>
      word === dataset || word.startsWith(`${dataset}@`) || (isDeep && dataset.startsWith(`${word}/`)),
  )
}

/** The pool that a command names. One that names none is a send with a token, or asks for a version. */
function poolIn(argv: readonly string[]): string | undefined {
  const named = Object.values(POOLS).find((pool) =>
    argv.some((word) => word === pool || word.startsWith(`${pool}/`)),
  )
  return named ?? (argv[0] === 'send' ? POOLS.sender : undefined)
}

/** Without texts, sizes and dates. */
function reportOf({status, outcome}: Ended): readonly string[] {
  const {snapshot, replicate, pruneSender, pruneReceiver} = outcome ?? {}
  return [
    `exit ${status}`,
    ...(snapshot?.filesystems ?? []).map(({filesystem, state, error}) =>
      told('snapshot', filesystem, state, error),
    ),
    ...(replicate?.error === undefined ? [] : [told('replicate', '', 'failed', replicate.error)]),
    ...(replicate?.filesystems ?? []).flatMap(({filesystem, state, error, steps}) => [
      told('replicate', filesystem, state, error),
      ...steps.map(
        ({from = 'nothing', to, resumed, state}) =>
          `  ${from} to ${to} ${state}${resumed ? ', resumed' : ''}`,
      ),
    ]),
    ...prunedOn('sender', pruneSender),
    ...prunedOn('receiver', pruneReceiver),
  ]
}

function prunedOn(side: string, report: PruneReport | undefined): readonly string[] {
  return [
    ...(report?.error === undefined ? [] : [told(`prune ${side}`, '', 'failed', report.error)]),
    ...(report?.filesystems ?? []).flatMap(({filesystem, state, error, snapshots}) => [
      told(`prune ${side}`, filesystem, state, error),
      ...snapshots.map(({name, state, reasons}) =>
        `  ${name} ${state} ${(reasons ?? []).map(({kind}) => kind).join(' ')}`.trimEnd(),
      ),
    ]),
  ]
}

function told(
  what: string,
  where: string,
  state: string,
  error: {readonly code: string} | undefined,
): string {
  return [what, where, state, error?.code].filter((word) => word !== undefined && word !== '').join(' ')
}

/** Replaces what is another on every machine. */
function createPlain(runs: readonly FoundRun[], guids: Map<string, string>): (text: string) => string {
  const names = runs.flatMap(({pools}) => pools.flatMap(({objects}) => objects.map(({name}) => name)))
  const times = Array.from(new Set(names.flatMap((name) => TIME.exec(name)?.[0] ?? []))).toSorted()
  return (text) =>
    text
      .replaceAll(TIMES, (time) => `<time ${times.indexOf(time) + 1}>`)
      .replaceAll(/_G_([0-9a-f]{16})_/g, (_, hex) => `_G_<${classOf(BigInt(`0x${hex}`).toString(), guids)}>_`)
      .replaceAll(/\b1-[0-9a-f]+-[0-9a-f]+-[0-9a-f]+\b/g, 'TOKEN')
      .replaceAll(/(?<= )g(-?\d{4,})/g, (_, signed) =>
        classOf(BigInt.asUintN(64, BigInt(signed)).toString(), guids),
      )
}

const TIME = /\d{8}_\d{6}_000/
const TIMES = new RegExp(TIME, 'g')
