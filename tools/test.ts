import {mkdtempSync, readFileSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {execa} from 'execa'
import {wantedVersion, ZFS_VERSIONS} from '../test/lab/image.ts'
import {build} from './build.ts'
import {generate} from './generate.ts'
import {BUN, bin, ROOT} from './paths.ts'

/**
 * Runs the suites named on the command line, or all of them, and ends with one line that adds them up.
 * The lab suite runs on the newest OpenZFS, and the whole cycle on the others too; with LAB_OPENZFS all of it on that one
 * alone.
 */
const SUITES = ['static', 'unit', 'sim', 'script', 'lab'] as const

type Suite = (typeof SUITES)[number]
type Count = {readonly passed: number; readonly failed: number; readonly skipped: number}

/** The whole cycle over ssh. An emulated processor has not the time for everything twice. */
const ON_ALL_VERSIONS = ['test/lab/push.test.ts']

/** The simulator goes through much code some thousand times: what JavaScriptCore's last compiler would gain it takes. */
const FOR_SHORT_RUNS = {BUN_JSC_useFTLJIT: '0'}

const [wanted, filter] = split(process.argv.slice(2))
const counts: Count[] = []

await generate()
if (wanted.includes('static')) counts.push(await checkStatically())
if (wanted.includes('unit')) counts.push(await vitest('unit', filter))
if (wanted.includes('sim')) counts.push(await vitest('sim', filter, FOR_SHORT_RUNS))
if (wanted.includes('script') || wanted.includes('lab')) await build()
if (wanted.includes('script')) counts.push(await vitest('script', filter))
if (wanted.includes('lab')) {
  const asked = process.env['LAB_OPENZFS'] !== undefined
  const [newest, ...older] = asked ? [wantedVersion()] : ZFS_VERSIONS
  counts.push(await vitest('lab', filter, {LAB_OPENZFS: newest}))
  for (const version of older)
    counts.push(await vitest('lab', filter.length === 0 ? ON_ALL_VERSIONS : filter, {LAB_OPENZFS: version}))
}

const sum = (key: keyof Count) => counts.reduce((total, count) => total + count[key], 0)
console.log(`${sum('passed')} passed, ${sum('failed')} failed, ${sum('skipped')} skipped`)
process.exitCode = sum('failed') === 0 && sum('passed') > 0 ? 0 : 1

/** Words that are suites choose suites; others choose test files. */
function split(words: readonly string[]): [readonly Suite[], readonly string[]] {
  const suites = SUITES.filter((suite) => words.includes(suite))
  return [
    suites.length === 0 ? SUITES : suites,
    words.filter((word) => !(SUITES as readonly string[]).includes(word)),
  ]
}

/** Formatting and lint, types, promises, dead code: each counts as one test. */
async function checkStatically(): Promise<Count> {
  const checks: readonly (readonly [string, readonly string[]])[] = [
    ['biome', [bin('biome'), 'check', '--error-on-warnings', '.']],
    ['tsc', [bin('tsc'), '--noEmit']],
    [
      'oxlint',
      [
        bin('oxlint'),
        '--type-aware',
        '-D',
        'typescript/no-floating-promises',
        '-D',
        'typescript/no-misused-promises',
        'src',
        'tools',
        'test',
      ],
    ],
    ['knip', [bin('knip')]],
  ]
  let failed = 0
  for (const [name, argv] of checks) {
    const {exitCode, said} = await run(argv)
    console.log(`${exitCode === 0 ? 'ok  ' : 'FAIL'} ${name}`)
    if (exitCode !== 0) console.log(said)
    failed += exitCode === 0 ? 0 : 1
  }
  return {passed: checks.length - failed, failed, skipped: 0}
}

async function vitest(
  project: string,
  files: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Count> {
  const dir = mkdtempSync(join(tmpdir(), 'zrepl-test-'))
  const results = join(dir, 'results.json')
  console.log(`--- ${project} ${env['LAB_OPENZFS'] ?? ''}`)
  const argv = [
    '--bun',
    bin('vitest'),
    'run',
    '--project',
    project,
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${results}`,
    ...files,
  ]
  const {exitCode} = await execa(BUN, argv, {
    cwd: ROOT,
    env: {...env, NO_COLOR: '1'},
    stdin: 'ignore',
    stdout: 'inherit',
    stderr: 'inherit',
    reject: false,
  })
  const count = readCount(results, exitCode ?? 1)
  rmSync(dir, {recursive: true})
  console.log(`${project}: ${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped, in all`)
  return count
}

/** A runner that died, or failed outside of a test, counts as one failure more. */
function readCount(results: string, exitCode: number): Count {
  try {
    const json = JSON.parse(readFileSync(results, 'utf8'))
    const failed = Number(json.numFailedTests)
    return {
      passed: Number(json.numPassedTests),
      failed: exitCode !== 0 && failed === 0 ? 1 : failed,
      skipped: Number(json.numPendingTests) + Number(json.numTodoTests),
    }
  } catch {
    return {passed: 0, failed: 1, skipped: 0}
  }
}

async function run(
  argv: readonly string[],
): Promise<{readonly exitCode: number | undefined; readonly said: string}> {
  const {exitCode, all} = await execa(BUN, ['--bun', ...argv], {
    cwd: ROOT,
    stdin: 'ignore',
    all: true,
    reject: false,
  })
  return {exitCode, said: all}
}
