import validateSchema from '../../generated/validate-config.js'
import {checkGlobal} from './check-global.ts'
import {checkJob} from './check-job.ts'
import type {Finding} from './diagnostic.ts'
import {explainSchemaError, pathOf, type SchemaError} from './explain-schema-error.ts'
import {isRecord, peek, peekList} from './peek.ts'
import {keysAt} from './schema-lookup.ts'
import {nodeAt, toValue, type YamlNode} from './yaml-tree.ts'

/** A file's content, with everything there is to say about it. Without errors `raw` has the shape of the schema. */
export type Validated = {readonly raw: unknown; readonly findings: readonly Finding[]}

/** Checks the shape of one file and the meaning of each of its values; all mistakes at once, in no order. */
export function validate(root: YamlNode): Validated {
  const {raw, errors} = readAsZrepl(root)
  const explained = errors.flatMap((error) => explainSchemaError(error, raw) ?? [])
  const jobs = peekList(raw, 'jobs').flatMap((job, index) => checkJob(job, ['jobs', index]))
  return {raw, findings: [...withoutEchoes(explained), ...checkGlobal(peek(raw, 'global')), ...jobs]}
}

/**
 * zrepl's parser reads a word as what is wanted at its place: a number or boolean word as text where text is wanted,
 * and a key without a value as if the key were not there. The schema knows what is wanted.
 */
function readAsZrepl(root: YamlNode): {raw: unknown; errors: readonly SchemaError[]} {
  const raw = toValue(root)
  for (;;) {
    const errors = validateSchema(raw) ? [] : [...(validateSchema.errors ?? [])]
    const adapted = errors.filter((error) => adapt(error, raw, root))
    if (adapted.length === 0) return {raw, errors}
  }
}

/** Changes `raw` where `error` only complains about the kind of a word; each word is changed once at most. */
function adapt({keyword, params, instancePath}: SchemaError, raw: unknown, root: YamlNode): boolean {
  const path = pathOf(instancePath, raw)
  const [parent, key] = [peek(raw, ...path.slice(0, -1)), path.at(-1)]
  const node = nodeAt(root, path)
  if (keyword !== 'type' || key === undefined || node?.kind !== 'scalar' || !node.plain) return false
  if (node.value === null) {
    // In a map of the user's own keys, an empty value is a mistake.
    return isRecord(parent) && keysAt(raw, path.slice(0, -1)).includes(String(key)) && delete parent[key]
  }
  if (params['type'] !== 'string' || typeof peek(raw, ...path) === 'string') return false
  if (Array.isArray(parent)) parent[Number(key)] = node.text
  else if (isRecord(parent)) parent[key] = node.text
  return true
}

/** Of several mistakes at one place the one about its kind, then about emptiness, says enough. */
function withoutEchoes(findings: readonly Finding[]): readonly Finding[] {
  const said = new Map<string, number>()
  for (const finding of findings) {
    const place = placeOf(finding)
    said.set(place, Math.min(said.get(place) ?? 9, weight(finding)))
  }
  return findings.filter((finding) => weight(finding) === said.get(placeOf(finding)))
}

function placeOf({path, atKey}: Finding): string {
  return JSON.stringify([path, atKey === true])
}

function weight({message}: Finding): number {
  return message === 'must not be empty' ? 1 : message.startsWith('must be a') ? 0 : 2
}
