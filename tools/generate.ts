import {mkdirSync, readdirSync, readFileSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import Ajv from 'ajv/dist/2020.js'
import standaloneCode from 'ajv/dist/standalone/index.js'
import {compile} from 'json-schema-to-typescript'

/** Makes src/generated from schemas/: a validator and the types of each schema. Nothing in there is edited by hand. */
const root = join(import.meta.dir, '..')
const out = join(root, 'src', 'generated')

const DECLARATION = `import type {ErrorObject} from 'ajv'
declare const validate: {(data: unknown): boolean; errors?: ErrorObject[] | null}
export default validate
`

mkdirSync(out, {recursive: true})
for (const file of readdirSync(join(root, 'schemas')).filter((name) => name.endsWith('.schema.json'))) {
  const name = file.slice(0, -'.schema.json'.length)
  const schema = JSON.parse(readFileSync(join(root, 'schemas', file), 'utf8'))
  const ajv = new Ajv({allErrors: true, discriminator: true, code: {source: true, esm: true}})
  write(`validate-${name}.js`, standaloneCode(ajv, ajv.compile(schema)))
  write(`validate-${name}.d.ts`, DECLARATION)
  write(`${name}-types.ts`, await compile(schema, schema.title, {bannerComment: '', maxItems: -1}))
}

function write(name: string, text: string): void {
  writeFileSync(join(out, name), text)
}
