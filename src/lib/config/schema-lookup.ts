import schema from '../../../schemas/config.schema.json' with {type: 'json'}
import {isRecord, peek, peekEntries, peekList, peekText} from './peek.ts'

/** The keys allowed where `schemaPath` (ajv's, of a keyword) applies. */
export function keysAt(schemaPath: string): readonly string[] {
  return peekEntries(schemaAround(schemaPath), 'properties').map(([key]) => key)
}

/** The values of `type` allowed where `schemaPath` (of a `discriminator`) applies. */
export function typesAt(schemaPath: string): readonly string[] {
  return branchesOf(schemaAround(schemaPath)).map(({type}) => type)
}

/** The types whose branch has `key`, where `schemaPath` belongs to another branch of the same choice. */
export function otherTypesWith(key: string, schemaPath: string): readonly string[] {
  const own = schemaAround(schemaPath)
  const choice = Object.values(schema.$defs).find((definition) =>
    branchesOf(definition).some(({branch}) => branch === own),
  )
  return branchesOf(choice)
    .filter(({branch}) => peek(branch, 'properties', key) !== undefined)
    .map(({type}) => type)
}

type Branch = {readonly type: string; readonly branch: unknown}

/** The branches of a choice by `type`, in the order of the schema. */
function branchesOf(choice: unknown): readonly Branch[] {
  return peekList(choice, 'oneOf').flatMap((reference) => {
    const branch = resolve(peekText(reference, '$ref') ?? '')
    const type = peekText(branch, 'properties', 'type', 'const')
    return type === undefined ? [] : [{type, branch}]
  })
}

/** The schema that has the keyword at the end of `schemaPath`. */
function schemaAround(schemaPath: string): unknown {
  return resolve(schemaPath.slice(0, schemaPath.lastIndexOf('/')))
}

/** Follows `#/a/b`. */
function resolve(pointer: string): unknown {
  const keys = pointer.split('/').slice(1)
  return keys.reduce<unknown>((at, key) => (isRecord(at) ? at[key] : peek(at, key)), schema)
}
