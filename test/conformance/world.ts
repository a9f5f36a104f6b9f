import {strict as assert} from 'node:assert'
import {mkdirSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {createZfs} from '../../src/lib/app/endpoints.ts'
import {createProcessContext} from '../../src/lib/app/process-context.ts'
import {stderrOutlet} from '../../src/lib/app/stderr-outlet.ts'
import type {RunContext} from '../../src/lib/core/context.ts'
import type {Outcome, ZfsClient} from '../../src/lib/zfs/client.ts'
import type {Dataset} from '../../src/lib/zfs/dataset.ts'
import {type DatasetName, parseDatasetName} from '../../src/lib/zfs/name.ts'
import {
  type Bookmark,
  isBookmark,
  isSnapshot,
  type Snapshot,
  type Version,
} from '../../src/lib/zfs/version.ts'

/** What a case works with: a dataset of its own on a real pool, our client of ZFS, and a shell to arrange and look. */
export type World = {
  readonly ctx: RunContext
  readonly zfs: ZfsClient
  readonly root: DatasetName
  /** A directory of its own. */
  readonly dir: string
  /**
   * Runs `/bin/sh -e` with `$ROOT`, `$DIR` and the options `$SECRET` of an encrypted dataset; returns stdout without the
   * last newline, throws when it fails. Only what is given a mountpoint is mounted.
   * Programs are what takes time here: a script that starts few of them is a quick one.
   */
  sh(script: string): Promise<string>
  fs(path: string): DatasetName
  dataset(path: string): Promise<Dataset>
  versions(path: string): Promise<readonly Version[]>
  snapshot(path: string, name: string): Promise<Snapshot>
  bookmark(path: string, name: string): Promise<Bookmark>
}

/** The world of one case: datasets at and below `root`, which does not exist yet, and the directory `dir`. */
export function createWorld(root: string, dir: string): World {
  const ctx = createProcessContext('conformance', stderrOutlet({level: 'error'}))
  const zfs = createZfs({lockFd: undefined})

  async function sh(script: string): Promise<string> {
    const child = Bun.spawn(['/bin/sh', '-e'], {
      stdin: new TextEncoder().encode(script),
      stdout: 'pipe',
      stderr: 'pipe',
      env: {
        ROOT: root,
        DIR: dir,
        SECRET: `-o encryption=on -o keyformat=raw -o keylocation=file://${join(dir, 'key')}`,
        PATH: '/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/bin',
        LC_ALL: 'C',
        HOME: '/root',
      },
    })
    const [stdout, stderr, status] = await Promise.all([
      new Response(child.stdout).text(),
      new Response(child.stderr).text(),
      child.exited,
    ])
    if (status !== 0) throw new Error(`exit ${status}: ${script}\n${stdout}${stderr}`)
    return stdout.replace(/\n$/, '')
  }

  const fs = (path: string) => parseDatasetName(path === '' ? root : `${root}/${path}`)

  async function versions(path: string): Promise<readonly Version[]> {
    return (await zfs.listVersions(ctx, [fs(path)])).get(fs(path)) ?? []
  }

  mkdirSync(dir, {recursive: true})
  writeFileSync(join(dir, 'key'), new Uint8Array(32).fill(0x5a))
  return {
    ctx,
    zfs,
    root: parseDatasetName(root),
    dir,
    sh,
    fs,
    versions,
    async dataset(path) {
      const [dataset] = (await zfs.list(ctx, {roots: [fs(path)], recursive: false})).datasets
      assert(dataset !== undefined, `${path} does not exist`)
      return dataset
    },
    async snapshot(path, name) {
      const found = (await versions(path)).filter(isSnapshot).find((snapshot) => snapshot.name === name)
      assert(found !== undefined, `${path}@${name} does not exist`)
      return found
    },
    async bookmark(path, name) {
      const found = (await versions(path)).filter(isBookmark).find((bookmark) => bookmark.name === name)
      assert(found !== undefined, `${path}#${name} does not exist`)
      return found
    },
  }
}

/** `done`, or the kind of failure, of each outcome. */
export function kinds(outcomes: readonly Outcome[]): readonly string[] {
  return outcomes.map((outcome) => (outcome.kind === 'done' ? 'done' : outcome.failure.kind))
}

/** `@name` and `#name` of each, oldest first. */
export function names(versions: readonly Version[]): readonly string[] {
  return versions.map(({kind, name}) => `${kind === 'snapshot' ? '@' : '#'}${name}`)
}
