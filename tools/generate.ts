import {mkdirSync, readdirSync, readFileSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import Ajv from 'ajv/dist/2020.js'
import standaloneCode from 'ajv/dist/standalone/index.js'
import {compile} from 'json-schema-to-typescript'
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
  for (const file of readdirSync(join(ROOT, 'schemas')).filter((name) => name.endsWith('.schema.json'))) {
    await generateFromSchema(file)
  }
  await generateManifest()
}

async function generateFromSchema(file: string): Promise<void> {
  const name = file.slice(0, -'.schema.json'.length)
  const schema = JSON.parse(readFileSync(join(ROOT, 'schemas', file), 'utf8'))
  const ajv = new Ajv({allErrors: name === 'config', discriminator: true, code: {source: true, esm: true}})
  write(`validate-${name}.js`, standaloneCode(ajv, ajv.compile(schema)))
  write(`validate-${name}.d.ts`, DECLARATION)
  write(`${name}-types.ts`, await compile(schema, schema.title, {bannerComment: '', maxItems: -1}))
}

async function generateManifest(): Promise<void> {
  // oclif makes manifests with this function but does not export it.
  const {cacheCommand} = await import(join(ROOT, 'node_modules/@oclif/core/lib/util/cache-command.js'))
  const {COMMANDS} = await import('../src/commands/index.ts')
  const manifest: Record<string, unknown> = {}
  for (const [id, load] of Object.entries(COMMANDS)) {
    manifest[id] = {...(await cacheCommand(await load())), id, aliases: [], hiddenAliases: [], permutations: []}
  }
  write('manifest.json', `${JSON.stringify(manifest, null, 2)}\n`)
}

function write(name: string, text: string): void {
  writeFileSync(join(OUT, name), text)
}
