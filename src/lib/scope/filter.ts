import {quoted} from '../core/printable.ts'
import {matchesWildcard} from '../core/wildcard.ts'
import {componentsOf, type DatasetName, NameError, parentOf, parseDatasetName} from '../zfs/name.ts'

/** Which datasets a job means (zrepl: `filesystems`). */
export type Filter = {
  /** What the configuration says, in its order: pattern → accept. */
  readonly patterns: ReadonlyMap<string, boolean>
  accepts(dataset: DatasetName): boolean
  /** Smallest set of datasets whose subtrees hold everything that can be accepted; empty = all pools. */
  readonly roots: readonly DatasetName[]
  /** Whether something below a root can be accepted. If not, the roots themselves are all there is to list. */
  readonly recursive: boolean
  /** Every dataset that an accepting pattern names, also those below a root; of one with wildcards, what stands before them. */
  readonly named: readonly DatasetName[]
}

/**
 * Reads zrepl's filter map, with wildcards. `a/b` means exactly that dataset, `a/b<` also everything below, `<` alone
 * everything. In a component `*` is any number of characters and `?` is one: `tank/vm-*` is `tank/vm-1`, and not
 * `tank/vm-1/disk`.
 *
 * A pattern without `<` decides first, then the subtree pattern with the most components, else the dataset is refused.
 * Between patterns of one kind and depth one without wildcards decides, then the one with more characters that are not
 * wildcards, then the one that refuses. The order of the patterns does not matter. Patterns are compared by component:
 * `tank/ab` is not below `tank/a`. Throws an `Error` naming the first pattern that can mean no dataset.
 */
export function parseFilter(patterns: ReadonlyMap<string, boolean>): Filter {
  const rules = Array.from(patterns, ([pattern, accept]): Rule => ({...parsePattern(pattern), accept}))
  const exact = ruleBook(rules.filter(({below}) => !below))
  const subtrees = ruleBook(rules.filter(({below}) => below))
  const everything = patterns.get('<') ?? false
  const accepting = rules.filter(({accept}) => accept)
  const paths = new Set(accepting.map(({root}) => root))
  const roots = rootsOf(paths)

  return {
    patterns: new Map(patterns),
    accepts: (dataset) => exact(dataset) ?? nearest(subtrees, dataset) ?? everything,
    roots,
    recursive: accepting.some(({below, wildcards}) => below || wildcards) || accepting.length > roots.length,
    named: namedAmong(paths),
  }
}

/** `components` is empty for `<` alone, which lies above all pools; `root` is undefined where all pools may have a part. */
type Pattern = {
  readonly components: readonly string[]
  readonly below: boolean
  readonly wildcards: boolean
  readonly root: DatasetName | undefined
}

type Rule = Pattern & {readonly accept: boolean}

/** What the rules for exactly this path say. */
type RuleBook = (path: DatasetName) => boolean | undefined

function ruleBook(rules: readonly Rule[]): RuleBook {
  const plain = new Map(rules.filter(({wildcards}) => !wildcards).map(({root, accept}) => [root, accept]))
  const globs = rules.filter(({wildcards}) => wildcards).toSorted(bySpecificity)
  return (path) => plain.get(path) ?? globs.find(({components}) => matchesEach(components, path))?.accept
}

function bySpecificity(a: Rule, b: Rule): number {
  return literalsOf(b) - literalsOf(a) || Number(a.accept) - Number(b.accept)
}

function literalsOf({components}: Rule): number {
  return components.join('').replace(/[*?]/g, '').length
}

function matchesEach(patterns: readonly string[], path: DatasetName): boolean {
  const components = componentsOf(path)
  return (
    components.length === patterns.length &&
    patterns.every((pattern, index) => matchesWildcard(pattern, components[index] ?? ''))
  )
}

function nearest(subtrees: RuleBook, dataset: DatasetName): boolean | undefined {
  for (let path: DatasetName | undefined = dataset; path !== undefined; path = parentOf(path)) {
    const accept = subtrees(path)
    if (accept !== undefined) return accept
  }
  return undefined
}

function parsePattern(pattern: string): Pattern {
  if (pattern === '<') return {components: [], below: true, wildcards: false, root: undefined}
  const below = pattern.endsWith('<')
  const path = below ? pattern.slice(0, -1) : pattern
  if (path.includes('<')) throw bad(pattern, 'one < is allowed, as the last character')
  if (path === '') throw bad(pattern, 'it is empty; use < for all datasets')
  if (path.endsWith('/')) throw bad(pattern, `drop the slash: ${quoted(pattern.replace(/\/+(?=<?$)/, ''))}`)
  if (path.includes('**')) throw bad(pattern, '* stays within one component; use < for everything below')
  const components = path.split('/')
  const firstWildcard = components.findIndex((component) => /[*?]/.test(component))
  try {
    // A wildcard stands for what a name may have there; a letter is that everywhere.
    const name = parseDatasetName(path.replace(/[*?]/g, 'x'))
    if (firstWildcard === -1) return {components, below, wildcards: false, root: name}
  } catch (cause) {
    if (cause instanceof NameError) throw bad(pattern, cause.message)
    throw cause
  }
  const above = components.slice(0, firstWildcard)
  const root = above.length === 0 ? undefined : parseDatasetName(above.join('/'))
  return {components, below, wildcards: true, root}
}

function bad(pattern: string, problem: string): Error {
  return new Error(`bad filter pattern ${quoted(pattern)}: ${problem}`)
}

function rootsOf(paths: ReadonlySet<DatasetName | undefined>): readonly DatasetName[] {
  if (paths.has(undefined)) return []
  return namedAmong(paths).filter((path) => !isBelowAny(path, paths))
}

function namedAmong(paths: ReadonlySet<DatasetName | undefined>): readonly DatasetName[] {
  return Array.from(paths)
    .filter((path) => path !== undefined)
    .toSorted()
}

function isBelowAny(path: DatasetName, others: ReadonlySet<DatasetName | undefined>): boolean {
  const parent = parentOf(path)
  return parent !== undefined && (others.has(parent) || isBelowAny(parent, others))
}
