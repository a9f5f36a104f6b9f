import {createHash} from 'node:crypto'
import {existsSync, mkdirSync, readFileSync} from 'node:fs'
import {homedir} from 'node:os'
import {join} from 'node:path'
import {execa} from 'execa'

/** The OpenZFS releases the lab offers: Debian's bookworm-backports and bookworm. */
export const ZFS_VERSIONS = ['2.3', '2.1'] as const

export type ZfsVersion = (typeof ZFS_VERSIONS)[number]

/** Where one image's files lie. */
export type Image = {
  readonly version: ZfsVersion
  readonly kernel: string
  readonly initrd: string
  readonly disk: string
  readonly sshKey: string
  /** As dpkg says, for example `2.3.2-2~bpo12+2`. */
  readonly installed: string
}

/** What is slow to make survives clones here. */
export const CACHE = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'zrepl-dev')

/** The version asked for by LAB_OPENZFS (2.3, 2.3.2, 2.1, 2.1.11); 2.3 when nothing is asked. */
export function wantedVersion(): ZfsVersion {
  const wanted = process.env['LAB_OPENZFS'] ?? '2.3'
  const version = ZFS_VERSIONS.find((version) => wanted === version || wanted.startsWith(`${version}.`))
  if (version === undefined)
    throw new Error(`LAB_OPENZFS=${wanted}: the lab has ${ZFS_VERSIONS.join(' and ')}`)
  return version
}

/** The image of `version`, built first if this machine has none made by this very recipe. */
export async function ensureImage(version: ZfsVersion): Promise<Image> {
  const script = join(import.meta.dirname, 'build-image.sh')
  const recipe = createHash('sha256').update(readFileSync(script)).digest('hex').slice(0, 12)
  const dir = join(CACHE, 'lab', `openzfs-${version}-${recipe}`)
  await installPackages()
  if (!existsSync(dir)) await build(script, version, dir)
  return {
    version,
    kernel: join(dir, 'vmlinuz'),
    initrd: join(dir, 'initrd.gz'),
    disk: join(dir, 'root.img'),
    sshKey: join(dir, 'id'),
    installed: readFileSync(join(dir, 'zfs-version'), 'utf8').trim(),
  }
}

/** Programs the lab needs and the Debian packages they come from. */
const PACKAGES: Readonly<Record<string, string>> = {
  'qemu-system-x86_64': 'qemu-system-x86',
  debootstrap: 'debootstrap',
  busybox: 'busybox-static',
  cpio: 'cpio',
  ssh: 'openssh-client',
  mke2fs: 'e2fsprogs',
}

async function installPackages(): Promise<void> {
  const missing = Object.keys(PACKAGES).filter((program) => Bun.which(program, {PATH: SYSTEM_PATH}) === null)
  if (missing.length === 0) return
  const packages = missing.map((program) => PACKAGES[program] ?? program)
  if (process.getuid?.() !== 0)
    throw new Error(`the lab needs ${packages.join(' ')}; install them or run as root`)
  console.error(`lab: installing ${packages.join(' ')}`)
  await succeed(['apt-get', 'update', '-q'])
  await succeed(['apt-get', 'install', '-y', '-q', '--no-install-recommends', ...packages])
}

async function build(script: string, version: ZfsVersion, dir: string): Promise<void> {
  if (process.getuid?.() !== 0) throw new Error('building the lab image needs root')
  console.error(`lab: building the image with OpenZFS ${version}; once per machine, about six minutes`)
  mkdirSync(join(CACHE, 'lab'), {recursive: true})
  // Whoever comes second waits, and then finds it built.
  const once = '[ -d "$3" ] || exec sh "$1" "$2" "$3"'
  await succeed(
    ['flock', join(CACHE, 'lab', 'lock'), 'sh', '-c', once, 'sh', script, version, dir],
    'inherit',
  )
}

const SYSTEM_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

async function succeed(
  [program = '', ...words]: string[],
  stderr: 'inherit' | 'pipe' = 'pipe',
): Promise<void> {
  const env = {PATH: SYSTEM_PATH, HOME: homedir(), LC_ALL: 'C', DEBIAN_FRONTEND: 'noninteractive'}
  await execa(program, words, {env, extendEnv: false, stdin: 'ignore', stderr})
}
