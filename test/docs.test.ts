import {readdirSync, readFileSync, statSync} from 'node:fs'
import {dirname, join, resolve} from 'node:path'
import {expect, test} from 'vitest'
import {loadConfig} from '../src/lib/config/load.ts'
import {ERROR_CODES} from '../src/lib/core/errors.ts'
import {EXIT, EXIT_MEANING, exitStatusOf} from '../src/lib/core/exit-code.ts'
import {RANK} from '../src/lib/report/exit-status.ts'

const ROOT = join(import.meta.dirname, '..')
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8')
const PAGES = [
  ...readdirSync(ROOT).filter((name) => name.endsWith('.md')),
  ...readdirSync(join(ROOT, 'docs'), {recursive: true, encoding: 'utf8'})
    .filter((name) => name.endsWith('.md'))
    .map((name) => join('docs', name)),
]

/** The cells of a page's table rows that begin with `first`. */
function rows(page: string): readonly (readonly string[])[] {
  return read(page)
    .split('\n')
    .filter((line) => line.startsWith('| ') && !line.startsWith('|--'))
    .slice(1)
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    )
}

test('docs/exit-codes.md is the table of the program', () => {
  expect(rows('docs/exit-codes.md')).toEqual(Object.entries(EXIT_MEANING))
  expect(read('docs/exit-codes.md')).toContain(`the first of ${RANK.slice(0, -1).join(', ')} is returned`)
})

test('docs/errors.md has every error code with its exit status', () => {
  expect(rows('docs/errors.md').map(([code, status]) => [code, status])).toEqual([
    ...ERROR_CODES.map((code) => [code, String(exitStatusOf(code))]),
    // What is thrown in other ways.
    ['stopped', String(EXIT.stopped)],
    ['bug', String(EXIT.bug)],
  ])
})

test('every yaml example is a configuration that loads', () => {
  const examples = PAGES.flatMap((page) =>
    Array.from(read(page).matchAll(/```yaml\n([\s\S]*?)```/g), ([, text = '']) => ({
      page,
      // Examples in a list are indented as a whole.
      text: text.replaceAll(new RegExp(`^${/^ */.exec(text)?.[0] ?? ''}`, 'gm'), ''),
    })),
  )
  expect(examples.length).toBeGreaterThan(1)
  for (const {page, text} of examples) {
    const loaded = loadConfig(page, {read: () => ({text}), list: () => ({problem: 'no directory'})})
    expect(loaded).not.toHaveProperty('diagnostics')
  }
})

test('links between pages lead somewhere', () => {
  const links = PAGES.flatMap((page) =>
    Array.from(read(page).matchAll(/\]\((?!https?:)([^)#]+)[^)]*\)/g), ([, link = '']) =>
      resolve(ROOT, dirname(page), link),
    ),
  )
  expect(links.length).toBeGreaterThan(5)
  for (const link of links) expect(statSync(link, {throwIfNoEntry: false}), link).toBeDefined()
})

test('ARCHITECTURE.md describes every room, and no other', () => {
  const described = rows('ARCHITECTURE.md').map(([room]) => room?.replaceAll('`', ''))
  expect(described.toSorted()).toEqual(readdirSync(join(ROOT, 'src/lib')).toSorted())
})

test('docs/decisions/0002-dependencies.md has a line for every dependency', () => {
  const {dependencies, devDependencies} = JSON.parse(read('package.json'))
  const page = read('docs/decisions/0002-dependencies.md')
  for (const name of Object.keys({...dependencies, ...devDependencies})) expect(page).toContain(`\`${name}\``)
  for (const version of Object.values({...dependencies, ...devDependencies}))
    expect(version).toMatch(/^\d+\.\d+\.\d+$/)
})
