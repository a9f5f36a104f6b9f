import {readdirSync, readFileSync} from 'node:fs'
import {dirname, join, relative, resolve} from 'node:path'
import {expect, test} from 'vitest'

const SRC = join(import.meta.dirname, '..', 'src')
const LIB = join(SRC, 'lib')

/** A room may import itself and the rooms listed here. In the order of the data flow; ARCHITECTURE.md explains it. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  core: [],
  zfs: ['core'],
  abstraction: ['core', 'zfs'],
  scope: ['core', 'zfs'],
  plan: ['core', 'zfs', 'abstraction', 'scope'],
  prune: ['core', 'zfs', 'abstraction'],
  config: ['core', 'zfs', 'abstraction', 'scope', 'plan', 'prune', 'generated', 'schemas'],
  progress: ['core', 'zfs'],
  report: ['core', 'zfs', 'abstraction', 'progress', 'generated'],
  upkeep: ['core', 'zfs', 'abstraction', 'scope'],
  endpoint: ['core', 'zfs', 'abstraction', 'scope', 'plan'],
  hook: ['core', 'plan', 'report'],
  replicate: ['core', 'zfs', 'plan', 'prune', 'progress', 'report', 'endpoint', 'hook'],
  'zfs-client': ['core', 'zfs'],
  rpc: ['core', 'zfs', 'abstraction', 'endpoint', 'generated'],
  host: ['core', 'zfs', 'zfs-client', 'hook'],
  ssh: ['core'],
  timers: ['core', 'abstraction', 'plan'],
  trace: ['core'],
  app: [
    'core',
    'zfs',
    'abstraction',
    'scope',
    'plan',
    'config',
    'progress',
    'report',
    'upkeep',
    'endpoint',
    'hook',
    'replicate',
    'zfs-client',
    'rpc',
    'host',
    'ssh',
    'timers',
    'trace',
  ],
}

/** Packages and runtime modules by room. Each package has one room. */
const MAY_USE: Readonly<Record<string, readonly RegExp[]>> = {
  core: [/^re2js$/],
  zfs: [/^node:(zlib|crypto)$/],
  config: [/^yaml$/, /^node:path(\/posix)?$/],
  hook: [/^bun$/, /^node:fs$/],
  host: [/^node:/, /^bun:ffi$/, /^bun$/],
  ssh: [/^ssh2$/, /^node:/],
  app: [/^node:(crypto|fs|os|path|tty)$/],
}

/** Rooms that only decide: no clock, no environment, no waiting. */
const PURE = ['zfs', 'abstraction', 'scope', 'plan', 'prune', 'config', 'progress', 'report', 'timers']

const files = readdirSync(LIB, {recursive: true, encoding: 'utf8'}).filter((file) => file.endsWith('.ts'))
const inRooms = files.map((file) => ({file, room: file.split('/')[0] ?? ''}))

test('every room is in the table', () => {
  expect(new Set(inRooms.map(({room}) => room))).toEqual(new Set(Object.keys(MAY_IMPORT)))
})

test.each(inRooms)('$file imports only what its room may', ({file, room}) => {
  const wrong = importsOf(join(LIB, file)).filter((specifier) => {
    if (!specifier.startsWith('.')) return !(MAY_USE[room] ?? []).some((allowed) => allowed.test(specifier))
    const target = relative(SRC, resolve(dirname(join(LIB, file)), specifier)).split('/')
    const targetRoom = ['lib', '..'].includes(target[0] ?? '') ? target[1] : target[0]
    return targetRoom !== room && !(MAY_IMPORT[room] ?? []).includes(targetRoom ?? '')
  })
  expect(wrong).toEqual([])
})

test.each(inRooms.filter(({room}) => PURE.includes(room)))('$file only decides', ({file}) => {
  expect(readFileSync(join(LIB, file), 'utf8')).not.toMatch(
    /Date\.now|new Date\(\)|\bprocess\.|Math\.random|\bawait |\bBun\./,
  )
})

test('only host starts processes', () => {
  const others = inRooms.filter(({room}) => room !== 'host').map(({file}) => file)
  expect(
    others.filter((file) => /Bun\.spawn|child_process/.test(readFileSync(join(LIB, file), 'utf8'))),
  ).toEqual([])
})

test('commands see only app, core, report, and the words their flags take', () => {
  const commands = readdirSync(join(SRC, 'commands')).map((file) => join(SRC, 'commands', file))
  const rooms = commands.flatMap((file) =>
    importsOf(file)
      .filter((specifier) => specifier.startsWith('../lib/'))
      .map((specifier) => specifier.split('/')[2]),
  )
  expect([...new Set(rooms)].toSorted()).toEqual([
    'abstraction',
    'app',
    'core',
    'host',
    'replicate',
    'report',
  ])
})

/** Static, type-only, side-effect, re-export and dynamic imports alike. */
function importsOf(path: string): readonly string[] {
  const text = readFileSync(path, 'utf8')
  return Array.from(text.matchAll(/(?:\bfrom\s+|\bimport\s*\(?\s*)'([^']+)'/g), (match) => match[1] ?? '')
}
