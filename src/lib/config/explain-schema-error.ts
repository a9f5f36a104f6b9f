import type validate from '../../generated/validate-config.js'
import {didYouMean, type Finding, mistake, oneOf, type Path} from './diagnostic.ts'
import {formatProblem} from './formats.ts'
import {nearest} from './nearest.ts'
import {peek, peekList} from './peek.ts'
import {isBooleanWord} from './plain-scalar.ts'
import {keysAt, typesAt, typesWith} from './schema-lookup.ts'

/** One mistake as ajv reports it. */
export type SchemaError = NonNullable<typeof validate.errors>[number]

/** A mistake in our own words; `undefined` when another error says the same better. `raw` is what was validated. */
export function explainSchemaError(error: SchemaError, raw: unknown): Finding | undefined {
  const path = pathOf(error.instancePath, raw)
  const value = peek(raw, ...path)
  const {keyword, params} = error
  switch (keyword) {
    case 'additionalProperties':
      return explainUnknownKey(raw, path, String(params['additionalProperty']))
    case 'required':
      return explainMissing(raw, path, String(params['missingProperty']))
    case 'discriminator':
      return explainType(raw, path, peek(value, 'type'))
    case 'type':
      return mistake(path, `must be ${TYPE_WORDS[String(params['type'])] ?? params['type']}`, typeHint(value))
    case 'enum':
      return explainChoice(path, value, peekList(params, 'allowedValues').map(String))
    case 'const':
      return mistake(path, `must be ${JSON.stringify(params['allowedValue'])}`)
    case 'format':
      return explainFormat(error, path, value)
    case 'minLength':
    case 'minItems':
    case 'minProperties':
      return mistake(path, 'must not be empty')
    case 'minimum':
      return mistake(path, `must be at least ${params['limit']}`)
    case 'maximum':
      return mistake(path, `must be at most ${params['limit']}`)
    case 'maxItems':
      return mistake(
        path,
        `must not have more than ${params['limit']} ${params['limit'] === 1 ? 'entry' : 'entries'}`,
      )
    case 'uniqueItems':
      return explainRepeated(error, path, value)
    case 'propertyNames':
      return undefined
    default:
      return mistake(path, error.message ?? keyword)
  }
}

/** ajv's JSON pointer; whether a number is an index or a key is seen from the value. */
export function pathOf(pointer: string, raw: unknown): Path {
  const path: (string | number)[] = []
  for (const part of pointer.split('/').slice(1)) {
    const key = part.replaceAll('~1', '/').replaceAll('~0', '~')
    path.push(Array.isArray(peek(raw, ...path)) ? Number(key) : key)
  }
  return path
}

const TYPE_WORDS: Readonly<Record<string, string>> = {
  array: 'a list',
  object: 'a map of keys and values',
  string: 'text',
  boolean: 'true or false',
  integer: 'a whole number',
}

function typeHint(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined
  if (/^[-+]?0\d+$/.test(value)) return 'leave out the leading zeros: with them a number may mean octal'
  if (/^[-+]?\d+$/.test(value) || isBooleanWord(value) || /^(?:true|false)$/i.test(value)) {
    return 'remove the quotes'
  }
  return undefined
}

function explainMissing(raw: unknown, path: Path, key: string): Finding {
  const types = key === 'type' ? typesAt(raw, path) : []
  return mistake(
    path,
    `"${key}" is missing`,
    types.length === 0 ? undefined : `it is one of ${types.join(', ')}`,
  )
}

function explainUnknownKey(raw: unknown, path: Path, key: string): Finding {
  const keys = keysAt(raw, path)
  const near = nearest(key, keys)
  const types = typesWith(key, raw, path)
  const word = isBooleanWord(key) ? `without quotes ${key} is a boolean in YAML 1.1` : undefined
  const others = types.length > 0 ? `only type ${oneOf(types)} has it` : undefined
  const hint = others ?? didYouMean(near) ?? word ?? `the keys here are ${keys.join(', ')}`
  return {...mistake([...path, key], `unknown key ${JSON.stringify(key)}`, hint), atKey: true}
}

function explainType(raw: unknown, path: Path, type: unknown): Finding | undefined {
  // A missing type is also reported as a missing key.
  if (type === undefined) return undefined
  const finding = explainChoice([...path, 'type'], type, typesAt(raw, path))
  return type === 'not_replicated' ? {...finding, hint: 'this job replicates nothing'} : finding
}

function explainChoice(path: Path, value: unknown, choices: readonly string[]): Finding {
  if (typeof value !== 'string') return mistake(path, `must be ${oneOf(choices)}`)
  const near = nearest(value, choices)
  return mistake(path, `${JSON.stringify(value)} is not one of ${choices.join(', ')}`, didYouMean(near))
}

function explainFormat(error: SchemaError, path: Path, value: unknown): Finding {
  const format = String(error.params['format'])
  const key = error.propertyName
  const problem = formatProblem(format, key ?? String(value)) ?? `must be a ${format}`
  return key === undefined ? mistake(path, problem) : {...mistake([...path, key], problem), atKey: true}
}

function explainRepeated(error: SchemaError, path: Path, value: unknown): Finding {
  const index = Math.max(Number(error.params['i']), Number(error.params['j']))
  return mistake([...path, index], `${JSON.stringify(peek(value, index))} is here twice`)
}
