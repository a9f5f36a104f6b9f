import {
  closeSync,
  constants,
  fstatSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import {OperationalError} from '../core/errors.ts'
import {quoted} from '../core/printable.ts'
import {tryLock} from './libc.ts'
import {fileNameOf} from './lock.ts'
import {ensurePrivateDirectory} from './private-directory.ts'

const SUFFIX = '.plan'
/** A plan with a hundred thousand steps has a tenth of this. */
const MAX_BYTES = 256 * 1024 * 1024

/**
 * Shows a running replication's plan to whoever prunes beside it, as a file next to the job's lock. The file is locked
 * before it gets its name, and the lock ends with this process however it ends: a file without a lock means nothing.
 * Throws `host`.
 */
export function publishPlan(directory: string, job: string, text: string): {withdraw(): void} {
  ensurePrivateDirectory(directory)
  const path = `${directory}/${fileNameOf(job, SUFFIX)}`
  const temporary = `${path}.${process.pid}.${crypto.randomUUID()}.tmp`
  const {O_RDWR, O_CREAT, O_EXCL, O_NOFOLLOW} = constants
  try {
    const fd = openSync(temporary, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600)
    try {
      tryLock(fd)
      // All of it, or it fails: half a plan is not understood, and nobody would prune beside this run.
      writeFileSync(fd, text)
      renameSync(temporary, path)
    } catch (error) {
      unlinkSync(temporary)
      closeSync(fd)
      throw error
    }
    return {withdraw: () => withdraw(path, fd)}
  } catch (error) {
    if (error instanceof OperationalError) throw error
    const {code} = error as NodeJS.ErrnoException
    throw new OperationalError('host', `cannot write the plan file ${quoted(path)}: ${code}`, {cause: error})
  }
}

function withdraw(path: string, fd: number): void {
  try {
    unlinkSync(path)
  } catch {
    // Without its lock it means nothing.
  }
  closeSync(fd)
}

/** The texts of all plans whose processes are alive. A directory that is not there has none. Throws `host`. */
export function readPlans(directory: string): readonly string[] {
  return plansIn(directory).flatMap((name) => readPlan(`${directory}/${name}`) ?? [])
}

function plansIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory).filter((name) => name.endsWith(SUFFIX))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw unreadable(directory, error)
  }
}

function readPlan(path: string): string | undefined {
  const {O_RDONLY, O_NOFOLLOW, O_NONBLOCK} = constants
  try {
    const fd = openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
    try {
      const {size} = fstatSync(fd)
      if (tryLock(fd) === 'locked') return undefined
      if (size > MAX_BYTES) throw new OperationalError('host', `the plan file ${quoted(path)} is too large`)
      return readFileSync(fd, 'utf8')
    } finally {
      closeSync(fd)
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw unreadable(path, error)
  }
}

function unreadable(path: string, error: unknown): unknown {
  if (error instanceof OperationalError) return error
  const {code} = error as NodeJS.ErrnoException
  return new OperationalError(
    'host',
    `cannot read the plan of a running replication, ${quoted(path)}: ${code}`,
    {
      cause: error,
    },
  )
}
