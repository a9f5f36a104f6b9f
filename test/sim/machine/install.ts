import {chmodSync, mkdirSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import type {Host} from '../pool.ts'
import {saveMachine} from './state.ts'

/** A machine on disk, and how to run a program on it. */
export type Installed = {
  readonly machine: string
  /** A command line that runs `argv` where `zfs` is the model's and `/run` is empty; nobody else sees any of it. */
  inside(argv: readonly string[]): readonly string[]
}

/** Puts a machine into `directory`, and a `zfs` for it that hides the real one. */
export async function installZfs(directory: string, host: Host): Promise<Installed> {
  const machine = join(directory, 'machine')
  const programs = join(directory, 'sbin')
  mkdirSync(programs)
  saveMachine(machine, host)
  // One file, since it is started a hundred times.
  const {outputs} = await Bun.build({
    entrypoints: [join(import.meta.dirname, 'zfs.ts')],
    target: 'bun',
    minify: true,
    outdir: directory,
  })
  const program = outputs[0]?.path ?? ''
  writeFileSync(
    join(programs, 'zfs'),
    `#!/bin/sh\nexec ${[process.execPath, program, machine].map(quotedForShell).join(' ')} "$@"\n`,
  )
  chmodSync(join(programs, 'zfs'), 0o755)
  const script = `mount --bind "$0" /usr/sbin && mount -t tmpfs none /run && exec "$@"`
  return {
    machine,
    inside: (argv) => ['unshare', '--map-root-user', '--mount', 'sh', '-c', script, programs, ...argv],
  }
}

function quotedForShell(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`
}
