import {readFileSync} from 'node:fs'
import {join} from 'node:path'
import {afterAll, beforeAll, expect, test} from 'vitest'
import {type Killed, readKilled} from './kill/judge.ts'
import {type Lab, openLab} from './lab.ts'
import {zrepl} from './scenario.ts'

/** `KILL=all` kills at every command; `KILL=some` at so many of them, and amid one stream, chosen by `KILL_SEED`. */
const SAMPLE = 3
const seed = Number(process.env['KILL_SEED'] ?? Math.floor(Date.now() / 1000))
const everywhere = process.env['KILL'] === 'all'

const OVER_SSH = '/etc/zrepl/kill-over-ssh.yml'
const LOCAL = '/etc/zrepl/kill-local.yml'

/** Who is killed at each command of a cycle, and how many moments there are for those that are killed amid a stream. */
const VICTIMS = ['active', 'stdinserver', 'ssh', 'before', 'after'] as const
const STREAMS = 4

let lab: Lab
let src: string
let dst: string
let destroy: () => Promise<void>

beforeAll(async () => {
  lab = await openLab()
  ;({src, dst, destroy} = await lab.pools())
  const connect = await lab.authorize('killed', OVER_SSH)
  await lab.ok(
    `zfs create ${src}/data && zfs create '${src}/data/a b' && zfs create ${dst}/backups && zfs snapshot -r ${src}/data@begin\n`,
  )
  // The guest is slow, and more so beside others.
  await lab.writeFile(
    OVER_SSH,
    config(`${connect}\n      dial_timeout: 90s`, '{type: stdinserver, client_identities: [killed]}'),
  )
  await lab.writeFile(
    LOCAL,
    config(
      '    connect: {type: local, listener_name: here, client_identity: killed, dial_timeout: 90s}',
      '{type: local, listener_name: here}',
    ),
  )
  expect((await zrepl(lab, `replicate offsite --config ${OVER_SSH}`)).exitCode).toBe(0)
  await lab.writeFile('/run/kill/cycles.sh', script('cycles.sh'))
  await lab.writeFile('/run/kill/zfs.sh', script('zfs.sh'))
  await lab.ok(`real=$(readlink -f /usr/sbin/zfs)
mv $real $real.real && install -m 755 /run/kill/zfs.sh $real
`)
})

afterAll(async () => {
  await lab?.ok('real=$(readlink -f /usr/sbin/zfs); mv $real.real $real\n')
  await destroy?.()
  await lab?.close()
})

// A moment takes half a minute in the emulated guest: more than the time that CI has.
test.skipIf(process.env['KILL'] === undefined)(
  'killed at any command of a cycle with two filesystems, the next run, or the one after it, puts everything in order',
  async () => {
    const [undisturbed] = await cycles(['none 0'])
    expect(undisturbed).toMatchObject({moment: 'none 0', problems: []})
    const commands = numbers(undisturbed?.runs ?? 0)
    expect(commands.length).toBeGreaterThan(15)
    const atCommands = VICTIMS.flatMap((victim) => commands.map((number) => `${victim} ${number}`))
    const amid = numbers(STREAMS).map((number) => `amid ${number}`)
    const chosen = everywhere ? [...atCommands, ...amid] : [...sample(atCommands, SAMPLE), ...sample(amid, 1)]

    const choice = everywhere ? '' : ` (KILL_SEED=${seed}; KILL=all for every one)`
    console.log(`killing at ${chosen.length} of ${atCommands.length + amid.length} moments${choice}`)
    const killed: Killed[] = []
    for (const moment of chosen) {
      const [one] = await cycles([moment])
      if (one === undefined) throw new Error(`nothing was told about ${moment}`)
      killed.push(one)
      console.log(`${one.moment}: ${one.runs} runs after ${one.command.slice(0, 80)}`, ...one.problems)
    }
    expect(killed.map(({moment}) => moment)).toEqual(chosen)
    expect(
      killed.filter(({runs, command, problems}) => runs > 2 || command === '' || problems.length > 0),
    ).toEqual([])
  },
  7_200_000,
)

async function cycles(moments: readonly string[]): Promise<readonly Killed[]> {
  await lab.writeFile('/run/kill/moments', moments.join('\n'))
  const told = await lab.ok(`cd / && sh /run/kill/cycles.sh ${OVER_SSH} ${LOCAL} ${src} ${dst}\n`)
  return readKilled(told, src, `${dst}/backups/killed/${src}`)
}

const script = (name: string) => readFileSync(join(import.meta.dirname, 'kill', name), 'utf8')

const numbers = (count: number) => Array.from({length: count}, (_, index) => index + 1)

/** `count` of `all`, the same for the same seed: every one is as likely as any other. */
function sample(all: readonly string[], count: number): readonly string[] {
  return all
    .map((moment) => ({moment, order: Bun.hash(`${seed} ${moment}`)}))
    .toSorted((a, b) => Number(BigInt(a.order) - BigInt(b.order)))
    .slice(0, count)
    .map(({moment}) => moment)
}

function config(connect: string, serve: string): string {
  return `global: {zfs: {access: cli}}
jobs:
  - name: offsite
    type: push
${connect}
    filesystems: {"${src}/data<": true}
    snapshotting: {type: manual}
    pruning:
      keep_sender: [{type: last_n, count: 100}]
      keep_receiver: [{type: last_n, count: 100}]
  - name: backups
    type: sink
    root_fs: ${dst}/backups
    recv: {placeholder: {encryption: inherit}}
    serve: ${serve}
`
}
