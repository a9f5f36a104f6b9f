import {
  closeSync,
  constants,
  lstatSync,
  openSync,
  readlinkSync,
  realpathSync,
  type Stats,
  statSync,
  unlinkSync,
} from 'node:fs'
import {basename, dirname} from 'node:path'
import {OperationalError} from '../core/errors.ts'
import {quoted} from '../core/printable.ts'

/** So many links lead one to another at most, as in Linux. */
const MAX_LINKS = 40

/**
 * The file that is to be replaced where a user has named `path`: behind a symbolic link the one it leads to, which need not
 * be there yet. Throws `usage` where something else than a file is there, or no directory for it.
 */
export function resolveNamedFile(path: string): string {
  if (path === '') throw cannotWrite(path, 'the name is empty')
  const there = tolerant(path, () => statSync(path, {throwIfNoEntry: false}))
  if (there !== undefined && !there.isFile()) throw cannotWrite(path, `it is ${kindOf(there)}, and no file`)
  let name = path
  for (let links = 0; links < MAX_LINKS; links += 1) {
    const file = inRealDirectory(path, name)
    const link = tolerant(path, () => lstatSync(file, {throwIfNoEntry: false}))
    if (link?.isSymbolicLink() !== true) return file
    checkLink(path, file, link)
    const target = readlinkSync(file)
    name = target.startsWith('/') ? target : `${dirname(file)}/${target}`
  }
  throw cannotWrite(path, 'too many symbolic links')
}

/** The same, after it has been tried whether a file can be made there. */
export function prepareNamedFile(path: string): string {
  const file = resolveNamedFile(path)
  const probe = `${dirname(file)}/.${basename(file)}.${process.pid}.${crypto.randomUUID()}.tmp`
  const {O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW} = constants
  try {
    closeSync(openSync(probe, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600))
    unlinkSync(probe)
  } catch (error) {
    const {code} = error as NodeJS.ErrnoException
    throw cannotWrite(path, `no file can be made in ${quoted(dirname(file))}: ${code}`, error)
  }
  return file
}

function tolerant<T>(path: string, look: () => T): T {
  try {
    return look()
  } catch (error) {
    throw cannotWrite(path, String((error as NodeJS.ErrnoException).code), error)
  }
}

/** `..` behind a link to a directory is above what the link leads to, so that names are not put together as text. */
function inRealDirectory(path: string, name: string): string {
  const directory = dirname(name)
  try {
    return `${realpathSync(directory).replace(/\/$/, '')}/${basename(name)}`
  } catch (error) {
    const {code} = error as NodeJS.ErrnoException
    const why = code === 'ENOENT' ? 'does not exist' : `cannot be used: ${code}`
    throw cannotWrite(path, `the directory ${quoted(directory)} ${why}`, error)
  }
}

/** In a directory for all, like /tmp, somebody else's link would have us replace what only we may. */
function checkLink(path: string, link: string, {uid}: Stats): void {
  if (link.startsWith('/proc/')) throw cannotWrite(path, 'it is what a process has open')
  if (uid !== 0 && uid !== process.getuid?.())
    throw cannotWrite(path, `${quoted(link)} is a symbolic link of user ${uid}`)
}

function kindOf(stats: Stats): string {
  if (stats.isDirectory()) return 'a directory'
  if (stats.isFIFO()) return 'a FIFO'
  if (stats.isSocket()) return 'a socket'
  return 'a device'
}

function cannotWrite(path: string, why: string, cause?: unknown): OperationalError {
  return new OperationalError('usage', `cannot write ${quoted(path)}: ${why}`, {
    hint: 'name a file, in a directory that is there and can be written: it is replaced as a whole',
    cause,
  })
}
