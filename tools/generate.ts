import {mkdirSync, readdirSync, readFileSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {_} from 'ajv'
import Ajv from 'ajv/dist/2020.js'
import standaloneCode from 'ajv/dist/standalone/index.js'
import {compile} from 'json-schema-to-typescript'
import {FORMATS} from '../src/lib/config/formats.ts'
import {ROOT} from './paths.ts'

/**
 * Makes src/generated, which nobody edits: from each schema a validator and its types, and from the commands the
 * manifest that lets help be shown without loading them.
 */
const OUT = join(ROOT, 'src', 'generated')

const DECLARATION = `import type {ErrorObject} from 'ajv'
declare const validate: {(data: unknown): boolean; errors?: ErrorObject[] | null}
export default validate
`

if (import.meta.main) await generate()

/** Writes everything into src/generated. */
export async function generate(): Promise<void> {
  mkdirSync(OUT, {recursive: true})
  const files = readdirSync(join(ROOT, 'schemas')).filter((name) => name.endsWith('.schema.json'))
  for (const file of files.toSorted()) await generateFromSchema(file)
  await generateManifest()
}

async function generateFromSchema(file: string): Promise<void> {
  const name = file.slice(0, -'.schema.json'.length)
  const schema = JSON.parse(readFileSync(join(ROOT, 'schemas', file), 'utf8'))
  const ajv = new Ajv({
    // A person wants to see all mistakes at once; a peer's bad message is not worth the time.
    allErrors: name === 'config',
    discriminator: true,
    formats: name === 'config' ? FORMATS : {},
    code: {source: true, esm: true, formats: _`FORMATS`},
  })
  write(`validate-${name}.js`, asModule(standaloneCode(ajv, ajv.compile(schema))))
  write(`validate-${name}.d.ts`, DECLARATION)
  write(`${name}-types.ts`, await compile(schema, schema.title, {bannerComment: '', maxItems: -1}))
}

/** ajv's standalone code takes what it needs at run time by `require`, and the formats as a name that is just there. */
function asModule(code: string): string {
  const imports: string[] = []
  const body = code.replaceAll(/const (\w+) = require\("([^"]+)"\)\.default;/g, (_all, name, path) => {
    imports.push(`import * as ${name}Module from '${path}.js'`)
    return `const ${name} = ${name}Module.default.default ?? ${name}Module.default;`
  })
  if (body.includes('require(')) throw new Error('ajv requires something in a way asModule does not know')
  if (body.includes('FORMATS[') || body.includes('FORMATS.'))
    imports.push("import {FORMATS} from '../lib/config/formats.ts'")
  return `${imports.join('\n')}\n${body}`
}

async function generateManifest(): Promise<void> {
  // oclif makes manifests with this function but does not export it.
  const {cacheCommand} = await import(join(ROOT, 'node_modules/@oclif/core/lib/util/cache-command.js'))
  const {COMMANDS} = await import('../src/commands/index.ts')
  const manifest: Record<string, unknown> = {}
  for (const [id, load] of Object.entries(COMMANDS)) {
    manifest[id] = {
      ...(await cacheCommand(await load())),
      id,
      aliases: [],
      hiddenAliases: [],
      permutations: [],
    }
  }
  write('manifest.json', `${JSON.stringify(manifest, null, 2)}\n`)
}

function write(name: string, text: string): void {
  writeFileSync(join(OUT, name), text)
}
