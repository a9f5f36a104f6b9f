import type {ListQuery} from './client.ts'
import type {DatasetName} from './name.ts'

/** `asked`: belongs to the answer. `below`: under a root that was not to be listed recursively. `outside`: neither. */
export type Scope = 'asked' | 'below' | 'outside'

/** Where a dataset stands with respect to what was asked. Whole components are compared: `a/b10` is not below `a/b1`. */
export function createQueryScope(query: ListQuery): (dataset: DatasetName) => Scope {
  const roots = new Set<string>(query.roots)
  const isRoot = (dataset: DatasetName) => (roots.size === 0 ? !dataset.includes('/') : roots.has(dataset))
  const isBelowRoot = (dataset: DatasetName) => roots.size === 0 || isBelowAny(dataset, roots)
  return (dataset) => {
    if (isRoot(dataset)) return 'asked'
    if (!isBelowRoot(dataset)) return 'outside'
    return query.recursive ? 'asked' : 'below'
  }
}

function isBelowAny(dataset: DatasetName, roots: ReadonlySet<string>): boolean {
  for (let slash = dataset.lastIndexOf('/'); slash > 0; slash = dataset.lastIndexOf('/', slash - 1)) {
    if (roots.has(dataset.slice(0, slash))) return true
  }
  return false
}
