import {mkdtempSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {execa} from 'execa'
import {ensureImage, wantedVersion} from '../test/lab/image.ts'
import {bootVm} from '../test/lab/vm.ts'
import {build} from '../tools/build.ts'
import {BUN, ROOT} from '../tools/paths.ts'
import {measureStartUp} from './startup.ts'

/**
 * Prints what docs/performance.md shows: start-up and planning on this machine, then zrepl beside bare commands in the
 * lab. Ratios and counts mean something; times are those of this machine and hour.
 */
const [filesystems = '20', megabytes = '128'] = process.argv.slice(2)

await build()
const startUp = await measureStartUp()
const hello = startUp[0]?.medianMs ?? Number.NaN
table(
  ['Start', 'median', '× hello'],
  startUp.map(({what, medianMs}) => [what, `${medianMs.toFixed(1)} ms`, ratio(medianMs, hello)]),
)

const planned = []
for (const snapshots of [100_000, 1_000_000]) {
  const {stdout} = await execa(BUN, [join(ROOT, 'bench', 'listing.ts'), String(snapshots)])
  planned.push(JSON.parse(stdout) as Record<'snapshots' | 'listedMs' | 'wallMs' | 'cpuMs' | 'rssMiB', number>)
}
table(
  ['Snapshots on each side', 'both read', 'read, planned and judged', 'CPU', 'memory'],
  planned.map(({snapshots, listedMs, wallMs, cpuMs, rssMiB}) => [
    String(snapshots),
    `${listedMs} ms`,
    `${wallMs} ms`,
    `${cpuMs} ms`,
    `${rssMiB} MiB`,
  ]),
)

type Row = {
  readonly row: string
  readonly what: string
  readonly wallMs: number
  readonly programs: number
  readonly cpuMs: number
  readonly sessions: number
}

const rows = await measureInLab()
let bare: Row | undefined
table(
  ['Work', 'by', 'wall', '× bare', 'programs', "zrepl's CPU"],
  rows.map((one) => {
    const isBare = !one.what.startsWith('zrepl')
    if (isBare) bare = one
    return [
      one.row,
      one.what,
      `${(one.wallMs / 1000).toFixed(1)} s`,
      isBare || bare === undefined ? '' : ratio(one.wallMs, bare.wallMs),
      String(one.programs),
      isBare ? '' : `${(one.cpuMs / 1000).toFixed(2)} s`,
    ]
  }),
)

async function measureInLab(): Promise<readonly Row[]> {
  const directory = mkdtempSync(join(tmpdir(), 'zrepl-bench-'))
  const guest = join(directory, 'guest')
  await execa(BUN, ['build', '--compile', '--outfile', guest, join(ROOT, 'bench', 'guest.ts')])
  const image = await ensureImage(wantedVersion())
  console.error(`lab: booting OpenZFS ${image.installed}; this takes some minutes`)
  const vm = await bootVm(image)
  try {
    await vm.ssh.upload(join(ROOT, 'dist', 'zrepl'), '/usr/local/bin/zrepl')
    await vm.ssh.upload(guest, '/usr/local/bin/guest')
    const {stdout, stderr, exitCode} = await vm.ssh.sh(`exec guest ${filesystems} ${megabytes}\n`)
    if (exitCode !== 0) throw new Error(`the measurement failed:\n${stdout}${stderr}`)
    console.log(`OpenZFS ${image.installed}, ${filesystems} filesystems\n`)
    return stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Row)
  } finally {
    await vm.shutdown()
    rmSync(directory, {recursive: true, force: true})
  }
}

function ratio(value: number, reference: number): string {
  return (value / reference).toFixed(2)
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): void {
  const lines = [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`)
  console.log(`${lines.join('\n')}\n`)
}
