import {findSnapshot, type Host} from '../pool.ts'

/** What a command that changes something names, by kind. */
export type Targets = {
  readonly verb: string
  /** Datasets named themselves or by a version of theirs. */
  readonly datasets: readonly string[]
  readonly snapshots: readonly string[]
  readonly bookmarks: readonly string[]
  /** Of a channel program: the guid with which it may destroy a snapshot. */
  readonly judged: ReadonlyMap<string, string>
  /** Of holds. */
  readonly tag: string | undefined
}

/** Reads the objects out of a command line; once, though several invariants ask. */
export function targetsOf(argv: readonly string[]): Targets {
  const known = KNOWN.get(argv)
  if (known !== undefined) return known
  const targets = readTargets(argv)
  KNOWN.set(argv, targets)
  return targets
}

const KNOWN = new WeakMap<readonly string[], Targets>()

function readTargets([verb = '', ...words]: readonly string[]): Targets {
  if (verb === 'program') return targetsOfProgram(words)
  const operands = operandsOf(verb, words)
  const tag = verb === 'hold' || verb === 'release' ? operands.shift() : undefined
  const names = operands.flatMap(splitList)
  return {
    verb: verb === 'receive' && words[0] === '-A' ? 'abort' : verb,
    datasets: Array.from(new Set(names.map((name) => name.replace(/[@#].*$/, '')))),
    snapshots: names.filter((name) => name.includes('@')),
    bookmarks: names.filter((name) => name.includes('#')),
    judged: new Map(),
    tag,
  }
}

/** `-j -t … -m … pool - name guid name guid …`: what it destroys, it does not destroy whatever is there. */
function targetsOfProgram(words: readonly string[]): Targets {
  const pairs = words.slice(words.indexOf('-') + 1)
  const judged = new Map<string, string>()
  for (let at = 0; at < pairs.length; at += 2)
    judged.set(pairs[at] ?? '', BigInt.asUintN(64, BigInt(pairs[at + 1]?.slice(1) ?? 0)).toString())
  const snapshots = Array.from(judged.keys())
  const datasets = Array.from(new Set(snapshots.map((name) => name.replace(/@.*$/, ''))))
  return {verb: 'program', datasets, snapshots, bookmarks: [], judged, tag: undefined}
}

/** The snapshots a command destroys as they are now, and bookmarks. A channel program spares those it does not mean. */
export function destroyedBy(host: Host, argv: readonly string[]): Pick<Targets, 'snapshots' | 'bookmarks'> {
  if (argv[0] !== 'destroy' && argv[0] !== 'program') return NOTHING
  const {verb, snapshots, bookmarks, judged} = targetsOf(argv)
  if (verb === 'destroy') return {snapshots, bookmarks}
  return {
    snapshots: snapshots.filter((name) => findSnapshot(host, name)?.guid === judged.get(name)),
    bookmarks: [],
  }
}

const NOTHING = {snapshots: [], bookmarks: []}

function operandsOf(verb: string, words: readonly string[]): string[] {
  if (verb === 'set') return words.slice(1)
  const operands: string[] = []
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] ?? ''
    if (word === '-x' || word === '-o' || word === '-i') at += 1
    else if (!word.startsWith('-')) operands.push(word)
  }
  return operands
}

/** `D@a,b` names two snapshots. */
function splitList(name: string): string[] {
  const at = name.indexOf('@')
  if (at === -1) return [name]
  const dataset = name.slice(0, at)
  return name
    .slice(at + 1)
    .split(',')
    .map((short) => `${dataset}@${short}`)
}
