import {
  closeSync,
  constants,
  fstatSync,
  ftruncateSync,
  lstatSync,
  openSync,
  readSync,
  type Stats,
  statSync,
  writeSync,
} from 'node:fs'
import {OperationalError} from '../core/errors.ts'
import {printable, quoted} from '../core/printable.ts'
import type {Environment} from './environment.ts'
import {tryLock} from './libc.ts'
import {ensurePrivateDirectory} from './private-directory.ts'

/** A lock of the kernel's: gone with the last process that has the descriptor, however that process ends. */
export type JobLock = {
  /** To be inherited by children that must not work beside a second run. */
  readonly fd: number
  /** Gives up our share. The lock lasts until the last child that has inherited it is gone. */
  release(): void
}

/** How often the file may be replaced under our hands before that counts as an attack. */
const MAX_ATTEMPTS = 5
/** Longest part of a job's name in the file's name; a digest keeps longer ones apart. */
const MAX_NAME_LENGTH = 100
const LOCK_SUFFIX = '.lock'
/** Of who waits to be the next. */
const NEXT_SUFFIX = '.next'

export type LockOptions = {
  /** To run the job, or to be the one that waits until it can. */
  readonly role?: 'runner' | 'next'
  /** For tests. */
  readonly open?: typeof openLockFile
}

/**
 * Takes the lock of job `name` in `directory`, which is made private if it is missing. Never waits.
 * Throws `job-busy` when another process has it, `host` when the place cannot be trusted or used.
 */
export function lockJob(
  directory: string,
  name: string,
  {role = 'runner', open = openLockFile}: LockOptions = {},
): JobLock {
  ensurePrivateDirectory(directory)
  const path = `${directory}/${fileNameOf(name, role === 'runner' ? LOCK_SUFFIX : NEXT_SUFFIX)}`
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
    const lock = lockFile(path, name, open)
    if (lock !== undefined) return lock
  }
  throw new OperationalError('host', `${quoted(path)} is being replaced all the time: it cannot be locked`)
}

/** `undefined` when the file was replaced between opening and locking: the lock would be on nothing. */
function lockFile(path: string, name: string, open: (path: string) => number): JobLock | undefined {
  const fd = open(path)
  try {
    const stats = fstatSync(fd)
    checkFile(path, stats)
    if (tryLock(fd) === 'busy') throw busy(name, readNote(fd))
    const there = statSync(path, {throwIfNoEntry: false})
    if (there === undefined || there.ino !== stats.ino || there.dev !== stats.dev) {
      closeSync(fd)
      return undefined
    }
    writeNote(fd)
  } catch (error) {
    closeSync(fd)
    throw error
  }
  let held = true
  return {
    fd,
    release() {
      if (held) closeSync(fd)
      held = false
    },
  }
}

/** Opens or makes the file of a lock. Throws `host`; never follows a link. */
export function openLockFile(path: string): number {
  const {O_RDWR, O_CREAT, O_NOFOLLOW, O_NONBLOCK} = constants
  try {
    return openSync(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0o600)
  } catch (error) {
    const {code} = error as NodeJS.ErrnoException
    throw new OperationalError('host', `cannot open the lock file ${quoted(path)}: ${code}`, {cause: error})
  }
}

function checkFile(path: string, stats: Stats): void {
  if (stats.isFile() && stats.uid === process.getuid?.() && stats.nlink <= 1) return
  throw new OperationalError('host', `${quoted(path)} is not a plain file of ours: it is not locked`, {
    hint: 'remove it',
  })
}

function busy(name: string, note: string): OperationalError {
  return new OperationalError(
    'job-busy',
    `job ${quoted(name)} is already running${note === '' ? '' : ` (${note})`}`,
    {
      hint: 'wait for it, or look at it with: zrepl status',
      retryable: true,
    },
  )
}

/** For people only: the lock is one without it. Written over the one before, which takes no room where there is none. */
function writeNote(fd: number): void {
  try {
    ftruncateSync(fd, writeSync(fd, `pid ${process.pid}, since ${new Date().toISOString()}\n`, 0))
  } catch {
    // What stands there now is of a run that is gone.
    ftruncateSync(fd, 0)
  }
}

function readNote(fd: number): string {
  const note = new Uint8Array(200)
  const length = readSync(fd, note, 0, note.length, 0)
  const [line = ''] = new TextDecoder().decode(note.subarray(0, length)).split('\n')
  return printable(line.trim())
}

/**
 * Who runs job `name`, in the words of its lock; `undefined` when nobody does. The lock itself is tried only when the process
 * that wrote these words lives: somebody who just looks must not be in the way of a run that begins. Throws `host` where
 * something else than a file is in its place.
 */
export function jobRunner(directory: string, name: string): string | undefined {
  const path = lockPath(directory, name)
  const fd = openForReading(path)
  if (fd === undefined) return undefined
  try {
    if (!fstatSync(fd).isFile())
      throw new OperationalError(
        'host',
        `${quoted(path)} is not a plain file: it cannot be the lock of a job`,
        {
          hint: 'remove it',
        },
      )
    const note = readNote(fd)
    const pid = Number(/^pid (\d+),/.exec(note)?.[1] ?? 0)
    return isAlive(pid) && tryLock(fd) === 'busy' ? note : undefined
  } finally {
    closeSync(fd)
  }
}

/** The file of the lock of job `name`. */
export function lockPath(directory: string, name: string): string {
  return `${directory}/${fileNameOf(name, LOCK_SUFFIX)}`
}

function openForReading(path: string): number | undefined {
  try {
    return openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  } catch {
    return undefined
  }
}

/** Whether there is a process of this number. */
export function isAlive(pid: number): boolean {
  if (pid <= 0) return false
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** The name of a file that belongs to a job, whatever the job is called. */
export function fileNameOf(name: string, suffix: string): string {
  const plain = encodeURIComponent(name)
  if (plain.length <= MAX_NAME_LENGTH) return `${plain}${suffix}`
  return `${plain.slice(0, MAX_NAME_LENGTH)}-${new Bun.CryptoHasher('sha256').update(name).digest('hex').slice(0, 16)}${suffix}`
}

export type LockPlaces = {readonly shared: string; readonly users: string}

const PLACES: LockPlaces = {
  shared: process.platform === 'linux' ? '/run/zrepl' : '/var/run/zrepl',
  users: '/run/user',
}

/**
 * Where locks are: `/run/zrepl` for root and for whom it belongs to, else `zrepl` in the user's runtime directory.
 * All runs of one user must come to the same answer, so the environment is asked only when the system is silent.
 * Throws `host` when there is no such place.
 */
export function defaultLockDirectory(
  uid: number,
  environment: Environment,
  places: LockPlaces = PLACES,
): string {
  if (uid === 0 || isOurs(places.shared, uid)) return places.shared
  const own = `${places.users}/${uid}`
  if (isOurs(own, uid)) return `${own}/zrepl`
  const {XDG_RUNTIME_DIR: named} = environment
  if (named?.startsWith('/') && isOurs(named, uid)) return `${named}/zrepl`
  throw new OperationalError(
    'host',
    `there is no directory for locks: ${places.shared} does not belong to user ${uid}, and ${own} is missing`,
    {
      hint: `make it with systemd-tmpfiles ('d ${places.shared} 0700 USER GROUP -') or as root with: install -d -m 0700 -o ${uid} ${places.shared}`,
    },
  )
}

function isOurs(path: string, uid: number): boolean {
  const stats = lstatSync(path, {throwIfNoEntry: false})
  return stats?.uid === uid && stats.isDirectory()
}
