import {readFileSync} from 'node:fs'
import {join} from 'node:path'
import type {RunReport} from '../../../src/lib/report/report.ts'
import {configOf} from '../../sim/jobs.ts'
import {DEFAULTS} from '../../sim/options.ts'
import type {RunScript} from '../in-lab.ts'
import type {RawObject} from '../observe.ts'
import {type Act, type Cycle, type CycleFault, POOLS, type ToldRun} from './cycle.ts'
import {type FoundPool, type FoundRun, formOf} from './form.ts'
import {timesOf} from './times.ts'

/** What comes of a cycle with the executable on real ZFS. Both pools have the names of the simulator's. */
export async function playInLab({options, acts}: Cycle, runScript: RunScript): Promise<readonly ToldRun[]> {
  const world = {...DEFAULTS, ...options}
  const {begin, at} = timesOf(acts)
  const told = await runScript(`${FILES}${writeFile('/etc/zrepl/cycle.yml', configIn(world))}
. /run/cycle/guest.sh
began=$(date +%s) up=$(cut -d . -f 1 /proc/uptime)
at() { date -s "@$1" >/dev/null; }
end() {
  destroy_world
  remove_stand_in
  at $((began + $(cut -d . -f 1 /proc/uptime) - up))
}
trap end EXIT
install_stand_in
at ${begin / 1000}
make_world ${world.children.map((child) => quoted(child.join(' '))).join(' ')}
${acts.map((act, index) => `at ${(at[index] ?? 0) / 1000}\n${actScript(act)}\n`).join('')}`)
  return formOf(readRuns(told), world.access)
}

const FILES = ['guest.sh', 'zfs.sh']
  .map((name) => writeFile(`/run/cycle/${name}`, readFileSync(join(import.meta.dirname, name), 'utf8')))
  .join('')

function writeFile(path: string, text: string): string {
  return `mkdir -p "$(dirname ${path})" && cat >${path} <<'__END_OF_FILE__' && chmod 600 ${path} || exit 1\n${text}\n__END_OF_FILE__\n`
}

function configIn(world: typeof DEFAULTS): string {
  const slow = configOf(world).replaceAll('client_identity: prod', 'client_identity: prod, dial_timeout: 10m')
  return `global: {zfs: {access: ${world.access}}}\n${slow}`
}

function actScript(act: Act): string {
  switch (act.do) {
    case 'pass':
      return ''
    case 'user':
      return `user ${act.words.map(quoted).join(' ')}`
    case 'write':
      return `write ${quoted(act.dataset)}`
    case 'create-encrypted':
      return `create_encrypted ${quoted(act.dataset)}`
    case 'unload-key':
      return `unload_key ${quoted(act.dataset)}`
    case 'run':
      return `run ${quoted(act.fault === undefined ? '' : faultWords(act.fault).join('\t'))}`
  }
}

function faultWords(fault: CycleFault): readonly string[] {
  const [verb = '', nth = ''] = fault.at.split(':')
  switch (fault.kind) {
    case 'kill':
      return [verb, nth, `kill-${fault.whom}`, fault.when]
    case 'die':
      return [verb, nth, 'die', fault.behind]
    case 'foreign':
      return [verb, nth, 'foreign', 'before', ...fault.words]
    default:
      return [verb, nth, fault.kind, fault.when]
  }
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`
}

function readRuns(told: string): readonly FoundRun[] {
  return told
    .split(/^##run /m)
    .slice(1)
    .map((block) => {
      if (block.includes('##the fault was not met')) throw new Error(`no command met the fault:\n${block}`)
      const status = Number(block.split('\n')[0])
      const [report] = linesIn(block, 'report')
      return {
        commands: linesIn(block, 'commands').map((line) => line.split('\t').slice(1)),
        ended: {
          status: status === 137 ? ('killed' as const) : status,
          outcome: report === undefined ? undefined : (JSON.parse(report) as RunReport),
        },
        pools: Object.values(POOLS).map((pool) => readPool(block, pool)),
      }
    })
}

function readPool(block: string, pool: string): FoundPool {
  const cells = (name: string) => linesIn(block, `${name} ${pool}`).map((line) => line.split('\t'))
  return {
    pool,
    objects: cells('objects').map(readObject),
    holds: cells('holds').map(([snapshot = '', tag = '']) => [snapshot, tag] as const),
    properties: cells('properties').flatMap(([name = '', property = '', value = '', source = '']) =>
      name === pool || OF_USERS.has(property) ? [] : [[name, property, value, source] as const],
    ),
  }
}

/** What comes with the kind of a dataset. */
const OF_USERS: ReadonlySet<string> = new Set([
  'volsize',
  'refreservation',
  'volmode',
  'keylocation',
  'encryption',
])

function readObject(cells: readonly string[]): RawObject {
  const [name = '', type = '', guid = '', createtxg = '', userrefs = '', ...rest] = cells
  const [deferDestroy = '', origin = '', token = '', written = ''] = rest
  return {name, type, guid, createtxg, userrefs, deferDestroy, origin, token, written}
}

function linesIn(block: string, name: string): readonly string[] {
  const start = block.indexOf(`##${name}\n`)
  if (start === -1) throw new Error(`nothing is told of ${name}:\n${block.slice(-1000)}`)
  const [text = ''] = block.slice(start + name.length + 3).split(/^##/m)
  return text.split('\n').filter((line) => line !== '')
}
