import {quoted} from '../core/printable.ts'
import {type DatasetName, isBelowOrEqual, NameError, parseComponent, parseDatasetName} from '../zfs/name.ts'

/** Datasets of the sender at and below `from` lie at and below `to` on the receiver; `''` is the receiver's base itself. */
export type PathRule = {readonly from: DatasetName; readonly to: string}

/** Both directions of a set of rules. Neither guesses: `undefined` is for what no rule places. */
export type PathRules = {
  /** The path below the base of what the sender calls `path`. */
  place(path: DatasetName): string | undefined
  /** What the sender calls what lies at `path` below the base. */
  origin(path: string): DatasetName | undefined
}

/**
 * Reads `path_mapping`. Of several rules the one with the longest `from` counts. No two rules may put things into the
 * same place: what lies at a path must have come from one dataset only. Throws an `Error` that names the rule.
 */
export function parsePathRules(
  rules: readonly {readonly from: string; readonly to: string}[],
): readonly PathRule[] {
  const parsed = rules.map(({from, to}) => ({from: parseDatasetName(from), to: parsePlace(to)}))
  for (const [index, rule] of parsed.entries())
    for (const other of parsed.slice(0, index)) {
      if (rule.from === other.from) throw new Error(`${quoted(rule.from)} is mapped twice`)
      if (contains(rule.to, other.to) || contains(other.to, rule.to))
        throw new Error(
          `${quoted(rule.from)} and ${quoted(other.from)} would share a place: ${quoted(rule.to)} and ${quoted(other.to)}`,
        )
    }
  return parsed
}

/** Rules as functions; without any, every path lies where zrepl puts it: under its own name. */
export function createPathRules(rules: readonly PathRule[]): PathRules {
  if (rules.length === 0) return {place: (path) => path, origin: asDatasetName}
  const nearestFirst = rules.toSorted((a, b) => b.from.length - a.from.length)

  function place(path: DatasetName): string | undefined {
    const rule = nearestFirst.find(({from}) => isBelowOrEqual(path, from))
    return rule === undefined ? undefined : joined(rule.to, path.slice(rule.from.length + 1))
  }

  return {
    place,
    origin(path) {
      const rule = rules.find(({to}) => contains(to, path))
      if (rule === undefined) return undefined
      const rest = rule.to === '' ? path : path.slice(rule.to.length + 1)
      const origin = asDatasetName(joined(rule.from, rest))
      // A longer rule may have another place for it: then nothing of ours can be here.
      return origin !== undefined && place(origin) === path ? origin : undefined
    },
  }
}

function parsePlace(to: string): string {
  if (to !== '') to.split('/').forEach(parseComponent)
  return to
}

function contains(place: string, path: string): boolean {
  return place === '' || path === place || path.startsWith(`${place}/`)
}

function joined(...parts: readonly string[]): string {
  return parts.filter((part) => part !== '').join('/')
}

/** On the receiver there may be datasets that are not ours, under names that no pool can have. */
function asDatasetName(path: string): DatasetName | undefined {
  try {
    return parseDatasetName(path)
  } catch (error) {
    if (error instanceof NameError) return undefined
    throw error
  }
}
