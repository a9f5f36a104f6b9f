import {mkdtempSync, readdirSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {execa} from 'execa'
import {ensureImage, wantedVersion} from '../test/lab/image.ts'
import {bootVm, type Vm} from '../test/lab/vm.ts'
import {BUN, ROOT} from '../tools/paths.ts'
import type {Measurement, Rival, Wishes} from './measurement.ts'

/** Debian's packages that a rival needs in the guest. */
const PACKAGES: Readonly<Record<Rival, readonly string[]>> = {
  syncoid: ['sanoid'],
  bzfs: ['python3'],
}

/** Measures zrepl beside bare commands and rivals on real ZFS; `bzfs` is the path of its wheel. Takes many minutes. */
export async function measureInLab(
  wishes: Wishes,
  bzfs: string | undefined,
): Promise<{readonly openzfs: string; readonly measurements: readonly Measurement[]}> {
  const directory = mkdtempSync(join(tmpdir(), 'zrepl-bench-'))
  const guest = join(directory, 'guest')
  await execa(BUN, ['build', '--compile', '--outfile', guest, join(ROOT, 'bench', 'guest.ts')])
  const image = await ensureImage(wantedVersion())
  console.error(`lab: booting OpenZFS ${image.installed}; this takes a while`)
  const vm = await bootVm(image)
  try {
    await vm.ssh.upload(join(ROOT, 'dist', 'zrepl'), '/usr/local/bin/zrepl')
    await vm.ssh.upload(guest, '/usr/local/bin/guest')
    if (bzfs !== undefined) await vm.ssh.upload(bzfs, '/usr/local/lib/bzfs.whl')
    const packages = wishes.rivals.flatMap((rival) => PACKAGES[rival])
    if (packages.length > 0) await installInGuest(vm, packages, directory)
    writeFileSync(join(directory, 'wishes'), JSON.stringify(wishes))
    await vm.ssh.upload(join(directory, 'wishes'), '/run/wishes')
    const measurements: Measurement[] = []
    const {stderr, exitCode} = await vm.ssh.sh('exec guest "$(cat /run/wishes)"\n', (line) => {
      measurements.push(JSON.parse(line))
      console.error(line)
    })
    if (exitCode !== 0) throw new Error(`the measurement failed: ${stderr}`)
    return {openzfs: image.installed, measurements}
  } finally {
    await vm.shutdown()
    rmSync(directory, {recursive: true, force: true})
  }
}

/** The guest has no network: apt on this machine, of the same Debian, fetches what the guest lacks by its own list. */
async function installInGuest(vm: Vm, packages: readonly string[], directory: string): Promise<void> {
  const archives = join(directory, 'archives')
  const status = join(directory, 'status')
  writeFileSync(status, (await vm.ssh.sh('cat /var/lib/dpkg/status\n')).stdout)
  await execa('mkdir', ['-p', join(archives, 'partial')])
  await execa('apt-get', [
    ...['-o', `Dir::State::status=${status}`, '-o', `Dir::Cache::archives=${archives}`],
    ...['-o', 'Debug::NoLocking=1', '-y', '-q', '--no-install-recommends', '--download-only', 'install'],
    ...packages,
  ])
  await vm.ssh.sh('mkdir -p /run/debs\n')
  for (const file of readdirSync(archives).filter((file) => file.endsWith('.deb')))
    await vm.ssh.upload(join(archives, file), `/run/debs/${file.replaceAll('%', '_')}`)
  const {exitCode, stderr} = await vm.ssh.sh('DEBIAN_FRONTEND=noninteractive dpkg -i /run/debs/*.deb >&2\n')
  if (exitCode !== 0) throw new Error(`cannot install ${packages.join(', ')} in the guest:\n${stderr}`)
}
