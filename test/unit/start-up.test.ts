import {readFileSync} from 'node:fs'
import {dirname, join, relative, resolve} from 'node:path'
import {describe, expect, test} from 'vitest'
import {COMMANDS} from '../../src/commands/index.ts'

const SRC = join(import.meta.dirname, '..', '..', 'src')

/** What is loaded together with a module: modules of ours by their path below `src`, packages by name. */
function loadedWith(file: string): readonly string[] {
  const seen = new Set<string>()
  const waiting = [join(SRC, file)]
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (seen.has(path)) continue
    seen.add(path)
    if (!path.startsWith(SRC) || !path.endsWith('.ts')) continue
    for (const specifier of staticImportsOf(readFileSync(path, 'utf8')))
      waiting.push(specifier.startsWith('.') ? resolve(dirname(path), specifier) : specifier)
  }
  return Array.from(seen, (path) => (path.startsWith(SRC) ? relative(SRC, path) : path)).toSorted()
}

/** Not those of types, which are erased, and not `import()`, which is done when it is come to. */
function staticImportsOf(text: string): readonly string[] {
  const statements = text.matchAll(/^(?:import|export)\s(?!type\b)(?:[^'"();]*?\sfrom\s+)?'([^']+)'/gm)
  return Array.from(statements, (match) => match[1] ?? '')
}

test('nothing is loaded before the first word of the command line has been looked at', () => {
  expect(loadedWith('cli.ts')).toEqual(['cli.ts'])
})

test('hello is said before anything is loaded that it does not need', () => {
  expect(loadedWith('lib/app/stdinserver.ts')).toEqual([
    'lib/app/stdinserver.ts',
    'lib/host/write-text.ts',
    'lib/rpc/hello.ts',
    'node:fs',
  ])
})

test('the version is told by next to nothing', () => {
  expect(loadedWith('commands/version.ts').filter((path) => /^lib|^@|^[a-z]+$/.test(path))).toEqual([])
})

const SERVING = loadedWith('lib/app/serve-client.ts')

test('who serves a client loads places to log to only where its host has any', () => {
  expect(SERVING.filter((path) => /outlets|log-file|log-server|syslog|^node:(net|tls)$/.test(path))).toEqual(
    [],
  )
})

test('who serves a client has no command line, no ssh client, nothing that plans, judges or reports', () => {
  expect(SERVING).toContain('lib/endpoint/local-receiver.ts')
  expect(
    SERVING.filter((path) => /^@oclif|^ssh2|^lib\/(ssh|replicate|hook|timers|upkeep|notify)\//.test(path)),
  ).toEqual([])
})

describe.each(Object.keys(COMMANDS))('%s', (command) => {
  test('does not load the ssh client, which is a process of its own', () => {
    const file = `commands/${command.replaceAll(':', '-')}.ts`
    const path = FILES.get(command) ?? file
    expect(loadedWith(path).filter((path) => /^ssh2|^lib\/ssh\/client/.test(path))).toEqual([])
  })
})

/** Commands whose file has a shorter name. */
const FILES = new Map([
  ['migrate:0.0.X:0.1:placeholder', 'commands/migrate-placeholder.ts'],
  ['migrate:replication-cursor:v1-v2', 'commands/migrate-replication-cursor.ts'],
])
