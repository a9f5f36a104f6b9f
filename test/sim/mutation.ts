import {cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {execa} from 'execa'
import {MUTANTS, type Mutant} from './mutants.ts'

/**
 * Puts each deliberate mistake into a copy of the program and lets `smoke.ts` look for it. A mistake it does not find is a
 * hole in the simulator, unless it is none. Run: `bun test/sim/mutation.ts [WORDS OF SOME MUTANTS]`.
 */
const ROOT = join(import.meta.dirname, '..', '..')
const LIMIT_MS = 180_000

const wanted = process.argv.slice(2).join(' ')
const chosen = MUTANTS.filter(({what, file}) => `${file} ${what}`.includes(wanted))
const survivors: string[] = []
for (const mutant of chosen) {
  const startedAt = performance.now()
  const found = await hunt(mutant)
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1)
  console.log(
    `${found === undefined ? 'ALIVE ' : 'killed'} ${seconds.padStart(5)} s  ${mutant.what} (${mutant.file})`,
  )
  if (found === undefined) survivors.push(mutant.what)
  else console.log(`               ${found}`)
}
console.log(`${chosen.length - survivors.length} of ${chosen.length} mutants killed`)
process.exitCode = survivors.length === 0 ? 0 : 1

/** What gave the mutant away, in one line; `undefined` when nothing did. */
async function hunt(mutant: Mutant): Promise<string | undefined> {
  const directory = mkdtempSync(join(tmpdir(), 'zrepl-mutant-'))
  try {
    for (const part of ['src', 'test/sim', 'test/unit/zfs', 'package.json', 'tsconfig.json'])
      cpSync(join(ROOT, part), join(directory, part), {recursive: true})
    symlinkSync(join(ROOT, 'node_modules'), join(directory, 'node_modules'))
    change(join(directory, 'src', 'lib', mutant.file), mutant)
    const {exitCode, stdout, stderr, timedOut} = await execa(process.execPath, ['test/sim/smoke.ts'], {
      cwd: directory,
      reject: false,
      timeout: LIMIT_MS,
    })
    if (timedOut) return 'it does not end'
    if (exitCode === 0) return undefined
    return (stdout || stderr).replace(/\s+/g, ' ').slice(0, 150)
  } finally {
    rmSync(directory, {recursive: true})
  }
}

function change(file: string, {what, find, replace}: Mutant): void {
  const text = readFileSync(file, 'utf8')
  const times = text.split(find).length - 1
  if (times !== 1) throw new Error(`${what}: the text to change occurs ${times} times in ${file}`)
  writeFileSync(
    file,
    text.replace(find, () => replace),
  )
}
