import {cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync} from 'node:fs'
import {availableParallelism, tmpdir} from 'node:os'
import {join} from 'node:path'
import {bin} from '../../tools/paths.ts'
import {MUTANTS, type Mutant} from './mutants.ts'
import {FOUND_STATUS} from './smoke.ts'

/**
 * Puts each deliberate mistake into a copy of the program and lets `smoke.ts` look for it, or the tests that the mutant
 * names; first in the program as it is, in which they must find nothing. A mistake that is not found is a hole in the
 * tests, unless it is none. One that keeps the program from starting proves nothing and is an error.
 * Run: `npm run mutants -- [WORDS OF SOME MUTANTS]`.
 */
const ROOT = join(import.meta.dirname, '..', '..')
const PARTS = ['src', 'schemas', 'test', 'package.json', 'tsconfig.json', 'vitest.config.ts']
/** Of processor time: the machine may be busy with other things. */
const LIMIT_SECONDS = 60
/** The program as it is has to get to the end of the hunt, which takes longer than most mistakes live. */
const BASELINE_LIMIT_SECONDS = 300

/** What became of one: what gave it away, and the processor time it took. */
type Hunt = {readonly found: string | undefined; readonly seconds: number}

const wanted = process.argv.slice(2).join(' ')
const chosen = MUTANTS.filter(({what, file}) => `${file} ${what}`.includes(wanted))
const queue = [...chosen]
const survivors: string[] = []

for (const by of new Set(chosen.map((mutant) => mutant.by))) {
  const {found, seconds} = await inCopy((directory) => hunt(directory, by, BASELINE_LIMIT_SECONDS))
  if (found !== undefined) throw new Error(`the program as it is does not pass: ${found}`)
  console.log(`nothing in ${seconds.toFixed(1)} s  the program as it is, by ${by ?? 'the simulator'}`)
}
await Promise.all(Array.from({length: availableParallelism()}, () => inCopy(work)))
console.log(`${chosen.length - survivors.length} of ${chosen.length} mutants killed`)
process.exitCode = survivors.length === 0 ? 0 : 1

/** Takes mutants from the queue until there are none. */
async function work(directory: string): Promise<void> {
  for (let mutant = queue.shift(); mutant !== undefined; mutant = queue.shift()) {
    const restore = change(join(directory, 'src', 'lib', mutant.file), mutant)
    const {found, seconds} = await hunt(directory, mutant.by, LIMIT_SECONDS)
    restore()
    const took = `${seconds.toFixed(1).padStart(5)} s`
    console.log(`${found === undefined ? 'ALIVE ' : 'killed'} ${took}  ${mutant.what} (${mutant.file})`)
    if (found === undefined) survivors.push(mutant.what)
    else console.log(`                ${found}`)
  }
}

async function inCopy<T>(work: (directory: string) => Promise<T>): Promise<T> {
  const directory = mkdtempSync(join(tmpdir(), 'zrepl-mutant-'))
  try {
    for (const part of PARTS) cpSync(join(ROOT, part), join(directory, part), {recursive: true})
    symlinkSync(join(ROOT, 'node_modules'), join(directory, 'node_modules'))
    return await work(directory)
  } finally {
    rmSync(directory, {recursive: true})
  }
}

/** How to look, and the status that says that something was found. */
function hunterOf(by: string | undefined): {readonly argv: readonly string[]; readonly foundStatus: number} {
  if (by === undefined) return {argv: ['test/sim/smoke.ts'], foundStatus: FOUND_STATUS}
  return {argv: ['--bun', bin('vitest'), 'run', '--reporter=tap', `test/${by}`], foundStatus: 1}
}

async function hunt(directory: string, by: string | undefined, limitSeconds: number): Promise<Hunt> {
  const {argv, foundStatus} = hunterOf(by)
  const child = Bun.spawn(
    ['/bin/sh', '-c', `ulimit -t ${limitSeconds}; exec "$0" "$@"`, process.execPath, ...argv],
    {
      cwd: directory,
      env: {...process.env, NO_COLOR: '1'},
      stdin: 'ignore',
      stdout: 'pipe',
      stderr: 'pipe',
    },
  )
  const [stdout, stderr, status] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ])
  const seconds = Number(child.resourceUsage()?.cpuTime.total ?? 0) / 1e6
  if (status === 0) return {found: undefined, seconds}
  const said = by === undefined ? stdout : failedTest(stdout)
  if (status === foundStatus && said !== undefined)
    return {found: said.replace(/\s+/g, ' ').slice(0, 150), seconds}
  // Out of time: nothing was found. The hunt is about as long as the limit, so that it does not end proves nothing.
  if (child.signalCode !== null) return {found: undefined, seconds}
  throw new Error(`the mutant does not start: ${stderr}${stdout.slice(-2000)}`)
}

/** The first that failed in what vitest says in the Test Anything Protocol; none where it could not start any. */
function failedTest(tap: string): string | undefined {
  return /^ +not ok \d+ - (.*?)(?: # time.*| \{)?$/m.exec(tap)?.[1]
}

/** Makes the mistake; what it returns takes it back. */
function change(file: string, {what, find, replace}: Mutant): () => void {
  const text = readFileSync(file, 'utf8')
  const times = text.split(find).length - 1
  if (times !== 1) throw new Error(`${what}: the text to change occurs ${times} times in ${file}`)
  writeFileSync(
    file,
    text.replace(find, () => replace),
  )
  return () => writeFileSync(file, text)
}
