import {
  chmodSync,
  fstatSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import {afterEach, beforeEach, describe, expect, test} from 'vitest'
import {defaultLockDirectory, jobRunner, lockJob, openLockFile} from '../../../src/lib/host/lock.ts'
import {lockHeirs} from '../../../src/lib/host/lock-heirs.ts'
import {createRunProgram} from '../../../src/lib/host/run-program.ts'
import {
  codeOf,
  failureOf,
  isRunning,
  linesOf,
  script,
  temporaryDirectory,
  testContext,
  untilGone,
} from './helpers.ts'

const HOST = `${import.meta.dirname}/../../../src/lib/host`

let directory: ReturnType<typeof temporaryDirectory>
let place: string
beforeEach(() => {
  directory = temporaryDirectory()
  place = `${directory.path}/locks`
})
afterEach(() => directory[Symbol.dispose]())

/** A process of its own that tries to take the lock once told to, says how it went, and stays until it is told to go. */
async function contender(start = 'exec "$@"') {
  const program = `
    import {lockJob} from '${HOST}/lock.ts'
    const [place] = process.argv.slice(2)
    console.log('ready')
    for await (const line of console) {
      if (line === 'go') break
      try { lockJob(place, 'backup'); console.log('locked') } catch (error) { console.log(error.code) }
    }
  `
  await Bun.write(`${directory.path}/contender.ts`, program)
  const argv = [process.execPath, `${directory.path}/contender.ts`, place]
  const child = Bun.spawn(['sh', '-c', start, 'sh', ...argv], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const lines = child.stdout.pipeThrough(new TextDecoderStream()).getReader()
  await lines.read()
  return {
    child,
    say: async (word: string) => {
      void child.stdin.write(`${word}\n`)
      await child.stdin.flush()
    },
    heard: async () => (await lines.read()).value?.trim(),
  }
}

describe('one at a time', () => {
  test('of four starts at once one wins', async () => {
    const contenders = await Promise.all([contender(), contender(), contender(), contender()])
    for (const {say} of contenders) await say('lock')
    const heard = await Promise.all(contenders.map(({heard}) => heard()))
    expect(heard.sort()).toEqual(['job-busy', 'job-busy', 'job-busy', 'locked'])
    for (const {child} of contenders) child.kill('SIGKILL')
    await Promise.all(contenders.map(({child}) => child.exited))
  })

  test('a holder that is killed leaves nothing behind', async () => {
    const {child, say, heard} = await contender()
    await say('lock')
    expect(await heard()).toBe('locked')
    const error = await failureOf(() => lockJob(place, 'backup'))
    expect(error).toMatchObject({
      code: 'job-busy',
      retryable: true,
      message: expect.stringContaining(`pid ${child.pid}, since 2`),
    })
    child.kill('SIGKILL')
    await child.exited
    lockJob(place, 'backup').release()
  })

  test('where the note cannot be written the lock is one all the same, and that of a run that is gone says nothing', async () => {
    lockJob(place, 'backup').release()
    const {child, say, heard} = await contender('ulimit -f 0; exec "$@"')
    await say('lock')
    expect(await heard()).toBe('locked')
    expect(readFileSync(`${place}/backup.lock`, 'utf8')).toBe('')
    const error = await failureOf(() => lockJob(place, 'backup'))
    expect(error).toMatchObject({code: 'job-busy', message: "job 'backup' is already running"})
    child.kill('SIGKILL')
    await child.exited
  })

  test('a note takes the place of a longer one as a whole', () => {
    lockJob(place, 'backup').release()
    const path = `${place}/backup.lock`
    writeFileSync(path, 'long ago\n'.repeat(20))
    const lock = lockJob(place, 'backup')
    expect(readFileSync(path, 'utf8')).toMatch(new RegExp(`^pid ${process.pid}, since \\S+Z\n$`))
    lock.release()
  })

  test('jobs do not disturb each other, whatever their names', () => {
    const names = [
      'a',
      'b',
      'a/b',
      '../a',
      '.',
      '..',
      'with space',
      `${'x'.repeat(200)}1`,
      `${'x'.repeat(200)}2`,
      'ä',
    ]
    const locks = names.map((name) => lockJob(place, name))
    expect(readdirSync(place).length).toBe(names.length)
    for (const {release} of locks) release()
  })

  test('who waits to be the next is one, too, and not in the way of who runs', async () => {
    const next = lockJob(place, 'backup', {role: 'next'})
    const running = lockJob(place, 'backup')
    expect(await codeOf(() => lockJob(place, 'backup', {role: 'next'}))).toBe('job-busy')
    next.release()
    lockJob(place, 'backup', {role: 'next'}).release()
    running.release()
  })

  test('what is released can be taken again, and releasing twice is harmless', () => {
    const first = lockJob(place, 'backup')
    first.release()
    const second = lockJob(place, 'backup')
    first.release()
    expect(() => lockJob(place, 'backup')).toThrow('already running')
    second.release()
  })

  test('a program that inherits the lock keeps it when we have let it go', async () => {
    const lock = lockJob(place, 'backup')
    const path = script(directory.path, 'zfs', 'echo $$ > "$0.pid"; exec sleep 60')
    const run = createRunProgram({resolve: () => path, lockFd: lock.fd})
    const ctx = testContext()
    const result = failureOf(
      run(ctx, {
        program: 'zfs',
        argv: [],
        mutates: true,
        stdin: 'none',
        stdout: 'text',
        deadlineMs: undefined,
      }),
    )
    const [pid = ''] = await linesOf(`${path}.pid`, 1)
    lock.release()
    expect(isRunning(pid)).toBe(true)
    expect(await codeOf(() => lockJob(place, 'backup'))).toBe('job-busy')
    ctx.stop(new Error('enough'))
    await result
    expect(await untilGone([pid])).toBe(true)
    lockJob(place, 'backup').release()
  })
})

describe('a place that can be trusted', () => {
  test('is made for us alone, whatever the umask', () => {
    const before = process.umask(0)
    lockJob(place, 'backup').release()
    process.umask(before)
    expect(statSync(place).mode & 0o777).toBe(0o700)
    expect(statSync(`${place}/backup.lock`).mode & 0o777).toBe(0o600)
  })

  test.each([
    ['a directory open to others', () => mkdirSync(place, {mode: 0o700}), () => chmodSync(place, 0o755)],
    [
      'a symbolic link',
      () => mkdirSync(`${place}.real`, {mode: 0o700}),
      () => symlinkSync(`${place}.real`, place),
    ],
    ['a file', () => writeFileSync(place, ''), () => {}],
  ])('is not %s', async (_, prepare, spoil) => {
    prepare()
    spoil()
    expect(await codeOf(() => lockJob(place, 'backup'))).toBe('host')
  })

  test.each([
    ['a symbolic link', (path: string) => symlinkSync(`${directory.path}/elsewhere`, path)],
    [
      'a hard link',
      (path: string) => {
        writeFileSync(`${directory.path}/elsewhere`, 'precious')
        linkSync(`${directory.path}/elsewhere`, path)
      },
    ],
    ['a FIFO', (path: string) => void Bun.spawnSync(['mkfifo', path])],
    ['a directory', (path: string) => mkdirSync(path)],
  ])('a lock file is not %s', async (_, prepare) => {
    mkdirSync(place, {mode: 0o700})
    prepare(`${place}/backup.lock`)
    expect(await codeOf(() => lockJob(place, 'backup'))).toBe('host')
  })

  test('a file that is replaced while it is held does not count as the same lock', () => {
    const held = lockJob(place, 'backup')
    renameSync(`${place}/backup.lock`, `${place}/moved.lock`)
    const other = lockJob(place, 'backup')
    expect(() => lockJob(place, 'backup')).toThrow('already running')
    unlinkSync(`${place}/backup.lock`)
    other.release()
    held.release()
  })

  test('a file that is replaced between opening and locking is not what gets locked', () => {
    let replaced = 0
    const late = (path: string) => {
      const fd = openLockFile(path)
      if (replaced < 2) unlinkSync(path)
      if (replaced === 1) writeFileSync(path, '', {mode: 0o600})
      replaced += 1
      return fd
    }
    const lock = lockJob(place, 'backup', {open: late})
    expect(fstatSync(lock.fd).ino).toBe(statSync(`${place}/backup.lock`).ino)
    expect(replaced).toBe(3)
    lock.release()
    const always = (path: string) => {
      const fd = openLockFile(path)
      unlinkSync(path)
      return fd
    }
    expect(() => lockJob(place, 'backup', {open: always})).toThrow('is being replaced all the time')
  })

  test('a parent that is missing is not made', async () => {
    expect(await codeOf(() => lockJob(`${place}/deeper`, 'backup'))).toBe('host')
  })
})

describe('where locks are', () => {
  const uid = process.getuid?.() ?? 0
  test('root uses the shared place, and so does its owner', () => {
    const places = {shared: `${directory.path}/none`, users: `${directory.path}/users`}
    expect(defaultLockDirectory(0, {}, places)).toBe(places.shared)
    expect(defaultLockDirectory(uid, {}, {...places, shared: directory.path})).toBe(directory.path)
  })

  test('others use their runtime directory, and without one there is an error with a remedy', async () => {
    const places = {shared: '/nonexistent', users: `${directory.path}/users`}
    const stranger = 4711
    const error = await failureOf(() =>
      defaultLockDirectory(stranger, {XDG_RUNTIME_DIR: directory.path}, places),
    )
    expect(error).toMatchObject({code: 'host', hint: expect.stringContaining('-o 4711 /nonexistent')})
  })
})

describe('who runs a job', () => {
  test('is told by the lock of a process that lives', async () => {
    expect(jobRunner(place, 'backup')).toBeUndefined()
    const {child, say, heard} = await contender()
    await say('try')
    expect(await heard()).toBe('locked')
    expect(jobRunner(place, 'backup')).toMatch(new RegExp(`^pid ${child.pid}, since 20`))
    child.kill('SIGKILL')
    await child.exited
    expect(jobRunner(place, 'backup')).toBeUndefined()
  })

  test('what a run that was killed has left behind is told with its number, and a run that lives is not', async () => {
    const child = Bun.spawn(
      [
        process.execPath,
        '-e',
        `const {lockJob} = await import('${HOST}/lock.ts')
         const {fd} = lockJob('${place}', 'backup')
         const heir = Bun.spawn(['sleep', '60'], {stdio: ['ignore', 'ignore', 'ignore', fd]})
         console.log(heir.pid)
         await heir.exited`,
      ],
      {stdio: ['ignore', 'pipe', 'inherit']},
    )
    const {value} = await child.stdout.pipeThrough(new TextDecoderStream()).getReader().read()
    const heir = value?.trim() ?? ''
    expect([jobRunner(place, 'backup') === undefined, lockHeirs(place, 'backup')]).toEqual([false, undefined])
    child.kill('SIGKILL')
    await child.exited
    expect([jobRunner(place, 'backup'), lockHeirs(place, 'backup')]).toEqual([
      undefined,
      `pid ${heir} (sleep)`,
    ])
    process.kill(Number(heir), 'SIGKILL')
    expect(await untilGone([heir])).toBe(true)
    expect(lockHeirs(place, 'backup')).toBeUndefined()
    expect(lockHeirs(place, 'never')).toBeUndefined()
  })

  test('is not told by a directory: that is said', async () => {
    mkdirSync(`${place}/backup.lock`, {recursive: true, mode: 0o700})
    expect(await failureOf(() => jobRunner(place, 'backup'))).toMatchObject({
      code: 'host',
      message: `'${place}/backup.lock' is not a plain file: it cannot be the lock of a job`,
    })
  })

  test('words without a lock mean nothing, and looking takes none', () => {
    lockJob(place, 'backup').release()
    expect(jobRunner(place, 'backup')).toBeUndefined()
    lockJob(place, 'backup').release()
  })
})
