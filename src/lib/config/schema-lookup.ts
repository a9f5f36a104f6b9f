import schema from '../../../schemas/config.schema.json' with {type: 'json'}
import type {Path} from './diagnostic.ts'
import {isRecord, peek, peekEntries, peekList, peekText} from './peek.ts'

/** The keys that are allowed in the map at `path` of `raw`; empty where the keys are the user's own. */
export function keysAt(raw: unknown, path: Path): readonly string[] {
  return keysOf(branchOf(schemaAt(raw, path), peek(raw, ...path)))
}

/** The values of `type` that are allowed in the map at `path` of `raw`. */
export function typesAt(raw: unknown, path: Path): readonly string[] {
  return branchesOf(schemaAt(raw, path)).map(({type}) => type)
}

/** The values of `type` with which the map at `path` of `raw` could have `key`. */
export function typesWith(key: string, raw: unknown, path: Path): readonly string[] {
  return branchesOf(schemaAt(raw, path))
    .filter(({branch}) => keysOf(branch).includes(key))
    .map(({type}) => type)
}

/** What the schema says about the value at `path` of `raw`, before a branch is chosen; `undefined` for nothing. */
function schemaAt(raw: unknown, path: Path): unknown {
  return path.reduce<unknown>((at, key, index) => {
    const branch = branchOf(at, peek(raw, ...path.slice(0, index)))
    if (typeof key === 'number') return deref(peek(branch, 'items'))
    return deref(peek(branch, 'properties', key) ?? peek(branch, 'additionalProperties'))
  }, schema)
}

function branchOf(choice: unknown, value: unknown): unknown {
  const branches = branchesOf(choice)
  return branches.length === 0 ? choice : branches.find(({type}) => type === peek(value, 'type'))?.branch
}

/** The branches of a choice by `type`, in the order of the schema; empty when it is no choice. */
function branchesOf(choice: unknown): readonly {readonly type: string; readonly branch: unknown}[] {
  return peekList(choice, 'oneOf').flatMap((reference) => {
    const branch = deref(reference)
    const type = peekText(branch, 'properties', 'type', 'const')
    return type === undefined ? [] : [{type, branch}]
  })
}

function keysOf(map: unknown): readonly string[] {
  return peekEntries(map, 'properties').map(([key]) => key)
}

/** Follows `#/$defs/name`. */
function deref(found: unknown): unknown {
  const reference = peekText(found, '$ref')
  if (reference === undefined) return isRecord(found) ? found : undefined
  return peek(schema, ...reference.split('/').slice(1))
}
