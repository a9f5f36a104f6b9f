import {mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {execa} from 'execa'
import {BUN, ROOT} from '../tools/paths.ts'
import {median} from './table.ts'

const ROUNDS = 21

/** How long something takes, the median of many times, milliseconds. */
export type StartUp = {readonly what: string; readonly medianMs: number}

/** Starts the executable, and beside it the least that Bun can compile; in turns, so that both see the same machine. */
export async function measureStartUp(): Promise<readonly StartUp[]> {
  const directory = mkdtempSync(join(tmpdir(), 'zrepl-bench-'))
  try {
    const source = join(directory, 'hello.ts')
    const hello = join(directory, 'hello')
    writeFileSync(source, "console.log('hello')\n")
    await execa(BUN, ['build', '--compile', '--bytecode', '--format=esm', '--outfile', hello, source])
    const zrepl = join(ROOT, 'dist', 'zrepl')
    const commands: readonly (readonly [string, readonly [string, ...string[]]])[] = [
      ['a Bun executable that says hello', [hello]],
      ['zrepl --version', [zrepl, '--version']],
      ['zrepl stdinserver, first byte', [zrepl, 'stdinserver', 'nobody', '--config', '/nonexistent']],
    ]
    const times = new Map<string, number[]>()
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const [what, command] of commands)
        times.set(what, [...(times.get(what) ?? []), await untilFirstByte(command)])
    }
    return Array.from(times, ([what, all]) => ({what, medianMs: median(all)}))
  } finally {
    rmSync(directory, {recursive: true, force: true})
  }
}

/** From the start to the first byte on stdout. */
async function untilFirstByte(command: readonly [string, ...string[]]): Promise<number> {
  const begun = performance.now()
  const child = Bun.spawn([...command], {stdin: new Blob(['']), stdout: 'pipe', stderr: 'ignore'})
  await child.stdout.getReader().read()
  const took = performance.now() - begun
  child.kill('SIGKILL')
  await child.exited
  return took
}
