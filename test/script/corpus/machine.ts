import {mkdirSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {installZfs} from '../../sim/machine/install.ts'
import {createMachine, saveMachine, writeEverywhere} from '../../sim/machine/state.ts'
import {addDataset} from '../../sim/pool.ts'
import type {Target} from '../../unit/fuzz/target.ts'
import {runToEnd} from '../run-to-end.ts'

const EXECUTABLE = join(import.meta.dirname, '..', '..', '..', 'dist', 'zrepl')

/** A computer for the rows of the corpus in which what is around the executable is the bad input. */
export type Machine = {
  /**
   * Takes a script of bash that starts `zrepl`, as root, on pools that nobody has worked on before. Refused is what does
   * not end with 0, with the exit status before what it has said on stderr.
   */
  readonly target: Target
  destroy(): void
}

export async function createCorpusMachine(): Promise<Machine> {
  const dir = mkdtempSync('/var/tmp/zrepl-corpus-')
  const host = createMachine('2.3.2')
  addDataset(host, 'vault/remote', 'filesystem')
  // So much that a part of it can be on disk.
  for (const _ of ['a block', 'another']) writeEverywhere(host)
  const {inside, machine} = await installZfs(dir, host)
  let rows = 0

  async function take(script: string) {
    rows += 1
    const own = join(dir, `row${rows}`)
    mkdirSync(own, {mode: 0o700})
    saveMachine(machine, host)
    writeFileSync(join(own, 'zrepl.yml'), configIn(own), {mode: 0o600})
    writeFileSync(join(own, 'key'), '', {mode: 0o600})
    return await runToEnd(inside(['bash', '-c', PRELUDE + script, 'bash', own, EXECUTABLE]), {
      cwd: own,
      env: {PATH: '/usr/sbin:/usr/bin:/bin', STATE_DIRECTORY: join(own, 'state')},
    })
  }

  return {
    target: {
      name: 'executable',
      samples: [''],
      take,
      throws: 'never',
      refusal(answer) {
        const {exitCode, stderr} = answer as Awaited<ReturnType<typeof take>>
        return exitCode === 0 ? undefined : `${exitCode}: ${stderr}`
      },
    },
    destroy: () => rmSync(dir, {recursive: true, force: true}),
  }
}

/**
 * What rows can use: `zrepl WORDS`, with the configuration of this machine; `$zrepl`, the executable itself; and
 * `stand_in NAME`, which puts the script that follows before a program, whose name is then NAME.real.
 */
const PRELUDE = `dir=$1 zrepl=$2 config=$1/zrepl.yml
set -o pipefail
zrepl() { "$zrepl" "$@" --config "$config"; }
stand_in() {
  [ -d /run/programs ] || { mkdir -m 755 /run/programs && cp -p /usr/sbin/* /run/programs; mount --bind /run/programs /usr/sbin; }
  [ ! -e "/usr/sbin/$1" ] || mv "/usr/sbin/$1" "/usr/sbin/$1.real"
  { printf '#!/bin/sh\\n'; cat; } >"/usr/sbin/$1"
  chmod 755 "/usr/sbin/$1"
}
stand_in ssh <<END
exec '$zrepl' stdinserver prod --config '$config'
END
`

/** Jobs that push: \`offsite\` to a sink of this process, \`remote\` to one behind what it takes for ssh. */
function configIn(dir: string): string {
  return `global: {zfs: {access: cli}}
jobs:
${pushJob('offsite', '{type: local, listener_name: sim, client_identity: prod}')}
  - name: backups
    type: sink
    serve: {type: local, listener_name: sim}
    root_fs: vault/backups
    recv: {placeholder: {encryption: inherit}}
${pushJob('remote', `{type: ssh+stdinserver, host: backup, user: root, port: 22, identity_file: '${dir}/key', dial_timeout: 2s}`)}
  - name: far
    type: sink
    serve: {type: stdinserver, client_identities: [prod]}
    root_fs: vault/remote
    recv: {placeholder: {encryption: inherit}}
`
}

function pushJob(name: string, connect: string): string {
  return `  - name: ${name}
    type: push
    connect: ${connect}
    filesystems: {"tank/data": true}
    snapshotting: {type: periodic, prefix: ${name}_, interval: 1h}
    pruning:
      keep_sender:
        - type: not_replicated
        - {type: last_n, count: 2}
      keep_receiver:
        - {type: last_n, count: 3}`
}
