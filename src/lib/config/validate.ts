import validateSchema from '../../generated/validate-config.js'
import {checkGlobal} from './check-global.ts'
import {checkJob} from './check-job.ts'
import {type Finding, mistake} from './diagnostic.ts'
import {explainSchemaError, pathOf, type SchemaError} from './explain-schema-error.ts'
import {isRecord, peek, peekList} from './peek.ts'
import {keysAt} from './schema-lookup.ts'
import {keyAt, nodeAt, toValue, type YamlNode} from './yaml-tree.ts'

/** A file's content, with everything there is to say about it. Without errors `raw` has the shape of the schema. */
export type Validated = {readonly raw: unknown; readonly findings: readonly Finding[]}

/** Checks the shape of one file and the meaning of each of its values; all mistakes at once, in no order. */
export function validate(root: YamlNode): Validated {
  const {raw, errors} = readAsZrepl(root)
  const explained = withoutEchoes(errors).flatMap(
    (error) => explainEmptyKey(error, raw, root) ?? explainSchemaError(error, raw) ?? [],
  )
  const jobs = peekList(raw, 'jobs').flatMap((job, index) => checkJob(job, ['jobs', index]))
  return {raw, findings: [...explained, ...checkGlobal(peek(raw, 'global')), ...jobs]}
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

/** A missing key may be there, but without a value. */
function explainEmptyKey(
  {keyword, params, instancePath}: SchemaError,
  raw: unknown,
  root: YamlNode,
): Finding | undefined {
  const path = [...pathOf(instancePath, raw), String(params['missingProperty'])]
  return keyword === 'required' && keyAt(root, path) !== undefined ? mistake(path, 'has no value') : undefined
}

/** Of several of these errors about one value the first says enough. */
const KEYWORDS_OF_VALUES = ['type', 'minLength', 'enum', 'const', 'format']

function withoutEchoes(errors: readonly SchemaError[]): readonly SchemaError[] {
  const first = new Map<string, number>()
  for (const error of errors) {
    const weight = KEYWORDS_OF_VALUES.indexOf(error.keyword)
    if (weight !== -1) first.set(subjectOf(error), Math.min(weight, first.get(subjectOf(error)) ?? weight))
  }
  return errors.filter((error) => {
    const weight = KEYWORDS_OF_VALUES.indexOf(error.keyword)
    return weight === -1 || weight === first.get(subjectOf(error))
  })
}

/** The value an error is about, or the key. */
function subjectOf({instancePath, propertyName}: SchemaError): string {
  return propertyName === undefined ? instancePath : `${instancePath} ${propertyName}`
}
