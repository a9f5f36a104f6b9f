import {existsSync} from 'node:fs'
import {join} from 'node:path'
import {parseArgs} from 'node:util'
import {execa} from 'execa'
import {build} from '../tools/build.ts'
import {BUN, ROOT} from '../tools/paths.ts'
import {measureInLab} from './in-lab.ts'
import type {Measurement} from './measurement.ts'
import {measureStartUp} from './startup.ts'
import {median, ratio, table} from './table.ts'

const USAGE = `usage: npm run bench -- [here|lab] [--filesystems N] [--megabytes N] [--rounds N] [--syncoid] [--bzfs WHEEL]
  here          only what is measured on this machine: start-up and planning
  lab           only what is measured on real ZFS: zrepl beside bare commands
  --syncoid     beside syncoid, too (Debian's package sanoid)
  --bzfs WHEEL  beside bzfs, too; WHEEL is the file that \`pip download --no-deps bzfs\` leaves`

process.exitCode = await main(process.argv.slice(2))

/** Prints what docs/performance.md shows. Ratios and counts mean something; times are those of this machine and hour. */
async function main(args: string[]): Promise<number> {
  const {values, positionals} = parseArgs({
    args,
    allowPositionals: true,
    options: {
      filesystems: {type: 'string', default: '41'},
      megabytes: {type: 'string', default: '400'},
      rounds: {type: 'string', default: '3'},
      syncoid: {type: 'boolean', default: false},
      bzfs: {type: 'string'},
      help: {type: 'boolean', default: false},
    },
  })
  const [where = 'all'] = positionals
  const {bzfs} = values
  if (values.help || !['all', 'here', 'lab'].includes(where) || (bzfs !== undefined && !existsSync(bzfs))) {
    console.error(bzfs === undefined || existsSync(bzfs) ? USAGE : `no such file: ${bzfs}\n${USAGE}`)
    return values.help ? 0 : 2
  }
  await build()
  if (where !== 'lab') {
    console.log(await startUpTable())
    console.log(await planningTable())
  }
  if (where !== 'here') {
    const wishes = {
      filesystems: Number(values.filesystems),
      megabytes: Number(values.megabytes),
      rounds: Number(values.rounds),
      rivals: [
        ...(bzfs === undefined ? [] : (['bzfs'] as const)),
        ...(values.syncoid ? (['syncoid'] as const) : []),
      ],
    }
    const {openzfs, measurements} = await measureInLab(wishes, bzfs)
    console.log(`OpenZFS ${openzfs}, ${wishes.filesystems} filesystems, the median of ${wishes.rounds}\n`)
    console.log(labTable(measurements))
  }
  return 0
}

async function startUpTable(): Promise<string> {
  const startUp = await measureStartUp()
  const hello = startUp[0]?.medianMs ?? Number.NaN
  return table(
    ['Start', 'median', '× hello'],
    startUp.map(({what, medianMs}) => [what, `${medianMs.toFixed(1)} ms`, ratio(medianMs, hello)]),
  )
}

async function planningTable(): Promise<string> {
  const rows = []
  for (const snapshots of [100_000, 1_000_000]) {
    const {stdout} = await execa(BUN, [join(ROOT, 'bench', 'listing.ts'), String(snapshots)])
    const planned: Record<'snapshots' | 'listedMs' | 'wallMs' | 'cpuMs' | 'rssMiB', number> =
      JSON.parse(stdout)
    rows.push([
      String(planned.snapshots),
      `${planned.listedMs} ms`,
      `${planned.wallMs} ms`,
      `${planned.cpuMs} ms`,
      `${planned.rssMiB} MiB`,
    ])
  }
  return table(['Snapshots on each side', 'both read', 'read, planned and judged', 'CPU', 'memory'], rows)
}

/** A line for each way to do a row's work, in the order in which they were first measured. */
function labTable(measurements: readonly Measurement[]): string {
  const ways = Map.groupBy(measurements, ({row, what}) => JSON.stringify([row, what]))
  const bare = new Map<string, number>()
  return table(
    ['Work', 'by', 'wall', '× bare', 'programs', 'connections', 'round trips', "zrepl's CPU"],
    Array.from(ways.values(), (rounds) => {
      const {row = '', what = ''} = rounds[0] ?? {}
      const middle = (of: (one: Measurement) => number) => median(rounds.map(of))
      const wallMs = middle((one) => one.wallMs)
      const reference = bare.get(row)
      if (reference === undefined) bare.set(row, wallMs)
      return [
        row,
        what,
        `${(wallMs / 1000).toFixed(1)} s`,
        reference === undefined ? '' : ratio(wallMs, reference),
        String(middle((one) => one.programs)),
        String(middle((one) => one.connections)),
        String(rounds[0]?.roundTrips ?? ''),
        what.startsWith('zrepl') ? `${(middle((one) => one.cpuMs) / 1000).toFixed(2)} s` : '',
      ]
    }),
  )
}
