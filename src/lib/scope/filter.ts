import {quoted} from '../core/printable.ts'
import {type DatasetName, NameError, parentOf, parseDatasetName} from '../zfs/name.ts'

/** Which datasets a job means (zrepl: `filesystems`). */
export type Filter = {
  /** What the configuration says, in its order: pattern → accept. */
  readonly patterns: ReadonlyMap<string, boolean>
  accepts(dataset: DatasetName): boolean
  /** Smallest set of datasets whose subtrees hold everything that can be accepted; empty = all pools. */
  readonly roots: readonly DatasetName[]
}

/**
 * Reads zrepl's filter map. `a/b` means exactly that dataset, `a/b<` also everything below, `<` alone everything.
 *
 * An exact pattern decides first, then the subtree pattern with the most components, else the dataset is refused.
 * The order of the patterns does not matter. Patterns are compared by component: `tank/ab` is not below `tank/a`.
 * Throws an `Error` naming the first pattern that can mean no dataset.
 */
export function parseFilter(patterns: ReadonlyMap<string, boolean>): Filter {
  const parsed = Array.from(patterns, ([pattern, accept]) => ({...parsePattern(pattern), accept}))
  const exact = new Map(parsed.filter(({below}) => !below).map(({path, accept}) => [path, accept]))
  const subtrees = new Map(parsed.filter(({below}) => below).map(({path, accept}) => [path, accept]))

  return {
    patterns: new Map(patterns),
    accepts: (dataset) => exact.get(dataset) ?? nearest(subtrees, dataset),
    roots: rootsOf(parsed.filter(({accept}) => accept).map(({path}) => path)),
  }
}

/** `path` is `undefined` for `<` alone, which lies above all pools. */
type Pattern = {readonly path: DatasetName | undefined; readonly below: boolean}

function parsePattern(pattern: string): Pattern {
  if (pattern === '<') return {path: undefined, below: true}
  const below = pattern.endsWith('<')
  const path = below ? pattern.slice(0, -1) : pattern
  if (path.includes('<')) throw bad(pattern, 'one < is allowed, as the last character')
  if (path === '') throw bad(pattern, 'it is empty; use < for all datasets')
  if (path.endsWith('/')) throw bad(pattern, `drop the slash: ${quoted(pattern.replace(/\/+(?=<?$)/, ''))}`)
  try {
    return {path: parseDatasetName(path), below}
  } catch (cause) {
    if (cause instanceof NameError) throw bad(pattern, cause.message)
    throw cause
  }
}

function bad(pattern: string, problem: string): Error {
  return new Error(`bad filter pattern ${quoted(pattern)}: ${problem}`)
}

function nearest(subtrees: ReadonlyMap<DatasetName | undefined, boolean>, dataset: DatasetName): boolean {
  for (let path: DatasetName | undefined = dataset; path !== undefined; path = parentOf(path)) {
    const accept = subtrees.get(path)
    if (accept !== undefined) return accept
  }
  return subtrees.get(undefined) ?? false
}

function rootsOf(accepted: readonly (DatasetName | undefined)[]): readonly DatasetName[] {
  const paths = new Set(accepted)
  if (paths.has(undefined)) return []
  return Array.from(paths)
    .filter((path) => path !== undefined)
    .filter((path) => !isBelowAny(path, paths))
    .toSorted()
}

function isBelowAny(path: DatasetName, others: ReadonlySet<DatasetName | undefined>): boolean {
  const parent = parentOf(path)
  return parent !== undefined && (others.has(parent) || isBelowAny(parent, others))
}
