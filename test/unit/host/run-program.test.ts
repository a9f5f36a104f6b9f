import {readFileSync} from 'node:fs'
import {afterEach, beforeEach, describe, expect, test} from 'vitest'
import {Bug} from '../../../src/lib/core/assert.ts'
import {OperationalError, Stopped} from '../../../src/lib/core/errors.ts'
import {type Child, stopChild} from '../../../src/lib/host/child.ts'
import {createClock} from '../../../src/lib/host/clock.ts'
import {findDeathSignal} from '../../../src/lib/host/death-signal.ts'
import {createPipe} from '../../../src/lib/host/pipe.ts'
import {createRunProgram, type RunProgramOptions} from '../../../src/lib/host/run-program.ts'
import type {ProgramCall} from '../../../src/lib/zfs-client/run-program.ts'
import {anyFrom, anyTo} from '../../any-stream.ts'
import {
  codeOf,
  failureOf,
  fastClock,
  isRunning,
  linesOf,
  script,
  temporaryDirectory,
  testContext,
  untilGone,
} from './helpers.ts'

let directory: ReturnType<typeof temporaryDirectory>
beforeEach(() => {
  directory = temporaryDirectory()
})
afterEach(() => directory[Symbol.dispose]())

/** Runs a shell script in the place of `zfs`. */
function runScript(
  text: string,
  call: Partial<ProgramCall> = {},
  options: Partial<RunProgramOptions> = {},
  ctx = testContext(),
) {
  const path = script(directory.path, 'zfs', text)
  const run = createRunProgram({resolve: () => path, grace: {termMs: 300, killMs: 300}, ...options})
  return run(ctx, {
    program: 'zfs',
    argv: ['list'],
    mutates: false,
    stdin: 'none',
    stdout: 'text',
    deadlineMs: undefined,
    ...call,
  })
}

describe('what a program says', () => {
  test('its words, its exit status, and nothing from a shell', async () => {
    const argv = ['a b', '$(id)', '`id`', '', '-x', '*', '\n']
    const result = await runScript('printf "<%s>" "$@"; echo oops >&2; exit 3', {argv})
    expect(result).toEqual({
      exitCode: 3,
      signal: undefined,
      stdout: argv.map((word) => `<${word}>`).join(''),
      stderr: 'oops\n',
      stderrCut: false,
    })
  })

  test('the signal that ended it', async () => {
    expect(await runScript('kill -ABRT $$')).toMatchObject({exitCode: undefined, signal: 'SIGABRT'})
  })

  test('every byte is a character', async () => {
    const {stdout} = await runScript(`printf '\\303\\244\\377\\t'`)
    expect(stdout).toBe('\xc3\xa4\xff\t')
  })

  test('thirty megabytes of it', async () => {
    const {stdout} = await runScript('yes tank/data@zrepl_1 | head -c 30000000')
    expect(stdout.length).toBe(30_000_000)
    expect(stdout.endsWith('tank/d')).toBe(false)
    expect(stdout.startsWith('tank/data@zrepl_1\ntank/')).toBe(true)
  })

  test('in pieces for who takes them, and nothing of it is kept', async () => {
    let bytes = 0
    const take = (piece: Uint8Array) => {
      bytes += piece.length
    }
    const {stdout} = await runScript('yes tank/data@zrepl_1 | head -c 30000000', {stdout: {take}})
    expect({bytes, stdout}).toEqual({bytes: 30_000_000, stdout: ''})
  })

  test('in pieces without end it is stopped', async () => {
    const options = {maxStdoutBytes: 1_000_000}
    expect(await codeOf(runScript('exec yes', {stdout: {take() {}}}, options))).toBe('host')
  })

  test('of stderr the end, and that the beginning is missing', async () => {
    const {stderr, stderrCut} = await runScript('yes 0123456 | head -c 800000 >&2; echo end >&2')
    expect(stderrCut).toBe(true)
    expect(stderr.length).toBe(256 * 1024)
    expect(stderr.endsWith('0123456\nend\n')).toBe(true)
  })

  test('without end it is stopped', async () => {
    const ctx = testContext()
    expect(
      await codeOf(runScript('echo $$ > "$0.pid"; exec yes', {}, {maxStdoutBytes: 1_000_000}, ctx)),
    ).toBe('host')
    expect(await untilGone(await linesOf(`${directory.path}/zfs.pid`, 1))).toBe(true)
  })
})

describe('what a program gets', () => {
  test('exactly this environment', async () => {
    process.env['ZFS_DEBUG'] = 'on'
    const {stdout} = await runScript('env -u PWD -u OLDPWD -u SHLVL -u _')
    expect(stdout.trimEnd().split('\n').sort()).toEqual([
      'LANG=C',
      'LANGUAGE=',
      'LC_ALL=C',
      'PATH=/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/sbin:/usr/local/bin',
    ])
    delete process.env['ZFS_DEBUG']
  })

  test('the root directory, an empty stdin, a session of its own', async () => {
    const {stdout} = await runScript('pwd; wc -c; ps -o sid= -p $$; echo $$')
    const [cwd, stdin, session, pid] = stdout.split('\n').map((line) => line.trim())
    expect([cwd, stdin]).toEqual(['/', '0'])
    expect(session).toBe(pid)
  })

  test('a short text as stdin, whether it reads it or not', async () => {
    const text = 'x'.repeat(4095)
    expect((await runScript('wc -c; exec ls /proc/self/fd', {stdin: {text: `${text}y`}})).stdout).toMatch(
      /^4096\n0\n1\n2\n3\n$/,
    )
    expect(await runScript('exit 3', {stdin: {text}})).toMatchObject({exitCode: 3, stderr: ''})
    await expect(runScript('cat', {stdin: {text: `${text}yz`}})).rejects.toBeInstanceOf(Bug)
  })

  test.skipIf(process.platform !== 'linux')('no descriptor but its own', async () => {
    const held = createPipe()
    const {stdout} = await runScript('exec ls /proc/self/fd')
    // The last one is what ls itself opened to look.
    expect(stdout.trim().split('\n')).toEqual(['0', '1', '2', '3'])
    held.reader.close()
    held.writer.close()
  })

  test('a pipe as stdin and as stdout, without a byte taken from what is around the stream', async () => {
    const {signal} = new AbortController()
    const there = createPipe()
    const back = createPipe()
    await there.writer.write(new TextEncoder().encode('head1234tail'), signal)
    await there.reader.read(4, signal)
    await runScript('dd bs=4 count=1 2>/dev/null | tr 1-4 a-d', {
      stdin: anyFrom(there.reader.stream),
      stdout: anyTo(back.writer.stream),
    })
    expect(new TextDecoder().decode(await back.reader.read(4, signal))).toBe('abcd')
    expect(new TextDecoder().decode(await there.reader.read(4, signal))).toBe('tail')
    for (const end of [there.reader, there.writer, back.reader, back.writer]) end.close()
  })
})

test('a program reads its stream at the pace it is given, and its end ends the call', async () => {
  const {signal} = testContext()
  const there = createPipe()
  const taken: number[] = []
  const pace = {
    chunkBytes: 4,
    take: async (_: unknown, bytes: number) => {
      taken.push(bytes)
    },
  }
  await there.writer.write(new TextEncoder().encode('1234567890'), signal)
  const {stdout} = await runScript('head -c 10', {stdin: {...anyFrom(there.reader.stream), pace}})
  expect({stdout, taken}).toEqual({stdout: '1234567890', taken: [4, 4, 2]})
  there.writer.close()
  there.reader.close()
})

test.skipIf(process.platform !== 'linux')(
  'what is known of a stream: how much was read, or passed on',
  async () => {
    const ctx = testContext()
    const there = createPipe()
    await there.writer.write(new Uint8Array(50_000), ctx.signal)
    there.writer.close()
    await runScript('exec wc -c', {stdin: anyFrom(there.reader.stream)}, {}, ctx)
    const back = createPipe()
    await runScript('head -c 50000 /dev/zero', {stdout: anyTo(back.writer.stream)}, {}, ctx)
    for (const end of [there.reader, back.reader, back.writer]) end.close()
    const [received, sent] = ctx.spans.map(({fields}) => fields)
    const readBytes = Number(received?.['readBytes'])
    expect(readBytes).toBeGreaterThanOrEqual(50_000)
    expect(readBytes).toBeLessThan(150_000)
    expect(received?.['bytes']).toBeUndefined()
    expect(sent).toMatchObject({bytes: 50_000n, readBytes: undefined})
  },
)

describe('stopping', () => {
  const FAMILY =
    'sleep 60 & echo $! > "$0.pids"; (sleep 60 & echo $! >> "$0.pids"; wait) & echo $$ >> "$0.pids"; wait'

  test('ends the whole group and throws the reason', async () => {
    const ctx = testContext()
    const run = failureOf(runScript(FAMILY, {}, {}, ctx))
    const pids = await linesOf(`${directory.path}/zfs.pids`, 3)
    const reason = new Stopped('stopped by SIGTERM')
    ctx.stop(reason)
    expect(await run).toBe(reason)
    expect(await untilGone(pids)).toBe(true)
    expect(ctx.spans[0]?.fields).toMatchObject({error: 'stopped by SIGTERM', userMs: expect.any(Number)})
  })

  test('kills what does not listen to SIGTERM', async () => {
    const ctx = testContext()
    const run = failureOf(runScript(`trap '' TERM; ${FAMILY}`, {}, {}, ctx))
    const pids = await linesOf(`${directory.path}/zfs.pids`, 3)
    const reason = new Stopped('enough')
    ctx.stop(reason)
    expect(await run).toBe(reason)
    expect(await untilGone(pids)).toBe(true)
  })

  test('comes by itself at the deadline', async () => {
    const error = await failureOf(runScript(FAMILY, {argv: ['hold'], deadlineMs: 100}))
    expect(error).toMatchObject({code: 'deadline', message: "'zfs hold' did not end within 0.1 s"})
    expect(await untilGone(await linesOf(`${directory.path}/zfs.pids`, 3))).toBe(true)
  })

  test('before the start means no start', async () => {
    const ctx = testContext()
    ctx.stop(new Stopped('too late'))
    const error = await failureOf(runScript('touch "$0.started"', {}, {}, ctx))
    expect(error).toMatchObject({message: 'too late'})
    expect(ctx.spans).toEqual([])
  })

  test('a program that leaves something behind on its output has failed, and what it left is ended', async () => {
    const ctx = testContext(fastClock())
    expect(await codeOf(runScript('sleep 60 & echo $! > "$0.pids"', {}, {}, ctx))).toBe('host')
    expect(await untilGone(await linesOf(`${directory.path}/zfs.pids`, 1))).toBe(true)
  })

  test('what cannot be ended is named and left behind', async () => {
    const signals: string[] = []
    const child: Child = {
      pid: 4711,
      exited: new Promise(() => {}),
      stdout: undefined,
      stderr: new ReadableStream(),
      cpu: () => undefined,
      signalGroup: (signal) => void signals.push(signal),
      abandon: () => void signals.push('abandoned'),
    }
    expect(await stopChild(child, createClock(), {termMs: 1, killMs: 1})).toBe('stays')
    expect(signals).toEqual(['SIGTERM', 'SIGKILL', 'abandoned'])
  })
})

describe('when we die without a word', () => {
  test.skipIf(findDeathSignal()() === undefined)('a stream goes with us', async () => {
    const path = script(directory.path, 'zfs', 'echo $$ > "$0.pid"; exec sleep 60')
    const host = `${import.meta.dirname}/../../../src/lib/host`
    const program = `
      import {createRunProgram} from '${host}/run-program.ts'
      import {createPipe} from '${host}/pipe.ts'
      import {findDeathSignal} from '${host}/death-signal.ts'
      import {testContext} from '${import.meta.dirname}/helpers.ts'
      import {anyFrom} from '${import.meta.dirname}/../../any-stream.ts'
      const run = createRunProgram({resolve: () => '${path}', deathSignal: findDeathSignal()})
      await run(testContext(), {program: 'zfs', argv: [], mutates: true, stdin: anyFrom(createPipe().reader.stream), stdout: 'text', deadlineMs: undefined})
    `
    await Bun.write(`${directory.path}/main.ts`, program)
    const main = Bun.spawn([process.execPath, `${directory.path}/main.ts`], {
      stdio: ['ignore', 'inherit', 'inherit'],
    })
    const pids = await linesOf(`${path}.pid`, 1)
    expect(pids.every(isRunning)).toBe(true)
    main.kill('SIGKILL')
    expect(await untilGone(pids)).toBe(true)
  })
})

describe('what is told', () => {
  test('start and end with the words of the command, times, and tokens cut', async () => {
    const ctx = testContext()
    const token = '1-c8c4c5d5a-e8-789c636064000310a500c4ec50360710e72765a526973030419460caa7a515a7968064'
    await runScript('exit 1', {argv: ['send', '-t', token]}, {}, ctx)
    const argv = ['zfs', 'send', '-t', '1-c8c4c5d5a-…']
    expect(ctx.said.map(({level, message}) => [level, message])).toEqual([
      ['debug', 'program started'],
      ['debug', 'program ended'],
    ])
    expect(ctx.said[1]?.fields).toMatchObject({
      argv,
      exitCode: 1,
      span: expect.stringMatching(/^.{4}\..{4}$/),
    })
    expect(ctx.spans).toEqual([
      {annotation: 'zfs send', fields: expect.objectContaining({argv, exitCode: 1})},
    ])
    expect(ctx.spans[0]?.fields).toMatchObject({durationMs: expect.any(Number), userMs: expect.any(Number)})
  })

  test('a program that is missing or cannot be started', async () => {
    const missing = new OperationalError('zfs-missing', 'there is no zfs')
    const resolve = () => {
      throw missing
    }
    expect(await failureOf(runScript('', {}, {resolve}))).toBe(missing)
    const ctx = testContext()
    expect(await codeOf(runScript('', {}, {resolve: () => '/nonexistent/zfs'}, ctx))).toBe('host')
    expect(ctx.spans[0]?.fields).toMatchObject({error: "cannot start '/nonexistent/zfs': ENOENT"})
  })
})

test('our own source mentions no shell', () => {
  const source = readFileSync(`${import.meta.dirname}/../../../src/lib/host/child.ts`, 'utf8')
  expect(source).not.toMatch(/shell:|\/bin\/sh|Bun\.\$/)
})
