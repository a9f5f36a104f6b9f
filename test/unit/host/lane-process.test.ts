import {readdirSync} from 'node:fs'
import {afterEach, beforeEach, describe, expect, test} from 'vitest'
import type {Clock} from '../../../src/lib/core/context.ts'
import {Stopped} from '../../../src/lib/core/errors.ts'
import {type LaneOptions, type LaneProcess, openLaneProcess} from '../../../src/lib/host/lane-process.ts'
import {openLocal} from '../../../src/lib/host/open-local.ts'
import {numberOf} from '../../any-stream.ts'
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

const {signal} = new AbortController()
const bytes = (text: string) => new TextEncoder().encode(text)
const text = (read: Uint8Array | undefined) => read && new TextDecoder().decode(read)

/** A connection to a shell script in the place of the peer. */
function open(source: string, changes: Partial<LaneProcess> = {}, options: LaneOptions = {}, clock?: Clock) {
  const ctx = testContext(clock)
  const path = script(directory.path, 'peer', source)
  const call: LaneProcess = {
    peer: 'ssh root@backup:22',
    path,
    argv: [],
    environment: {},
    dialTimeoutMs: 10_000,
    ...changes,
  }
  return {ctx, lane: openLaneProcess(ctx, call, {grace: {termMs: 300, killMs: 300}, ...options})}
}

describe('a conversation', () => {
  test('goes both ways and ends in order', async () => {
    const {lane} = open('read -r line; echo "you said $line"; cat >/dev/null; exit 7')
    expect(lane.peer).toBe('ssh root@backup:22')
    await lane.writer.write(bytes('hello\n'), signal)
    expect(text(await lane.reader.read(15, signal))).toBe('you said hello\n')
    await lane.close()
    expect(await lane.gone).toMatchObject({exitCode: 7})
    await lane.close()
    lane.burn()
  })

  test('can be handed to a child in both directions', async () => {
    const {lane} = open('head -c 4; exec cat')
    const stream = Bun.spawn(['printf', 'body'], {stdio: ['ignore', numberOf(lane.writer.stream), 'inherit']})
    await stream.exited
    await lane.writer.write(bytes('tail'), signal)
    expect(text(await lane.reader.read(4, signal))).toBe('body')
    const rest = Bun.spawn(['head', '-c', '4'], {stdio: [numberOf(lane.reader.stream), 'pipe', 'inherit']})
    expect(await rest.stdout.text()).toBe('tail')
    await lane.close()
  })

  test('the last answer can be read while the connection is being closed', async () => {
    const {lane} = open('cat >/dev/null; echo sorry')
    const answer = lane.reader.read(6, signal)
    await Promise.all([lane.close(), answer])
    expect(text(await answer)).toBe('sorry\n')
    expect(await codeOf(lane.reader.read(1, signal))).toBe('peer-unreachable')
    expect(() => lane.writer.stream.lend()).toThrow('the connection is closed')
  })
})

describe('what the peer tells', () => {
  test('objects are told, also those from before anybody listened; the rest is a complaint', async () => {
    const {lane} = open(
      `cat >&2 <<'END'
{"level":"info","text":"ä"}
Warning: something\x1b[31m
{"not json
["list"]

{"n":2}
END
printf 'no newline' >&2`,
    )
    await lane.gone
    const told: unknown[] = []
    lane.onTold((object) => void told.push(object))
    expect(told).toEqual([{level: 'info', text: 'ä'}, {n: 2}])
    expect(lane.complaint()).toBe('Warning: something\\x1b[31m; {"not json; ["list"]; no newline')
    await lane.close()
  })

  test('a line is told as soon as it is there', async () => {
    const {lane} = open(`printf '{"n"' >&2; read -r go; printf ':1}\\n' >&2; cat`)
    const told = Promise.withResolvers<unknown>()
    lane.onTold(told.resolve)
    await lane.writer.write(bytes('go\n'), signal)
    expect(await told.promise).toEqual({n: 1})
    await lane.close()
  })

  test('a flood keeps only its end', async () => {
    const {lane} = open(
      '(head -c 300000 /dev/zero | tr "\\0" x; echo; yes noise | head -n 10000; echo the end) >&2',
    )
    await lane.gone
    expect(lane.complaint().length).toBeLessThanOrEqual(2000)
    expect(lane.complaint()).toMatch(/noise; noise; the end$/)
    await lane.close()
  })

  test('a flood that does not end is given up, and said to be one', async () => {
    const {lane} = open('yes "{}" >&2')
    const answer = lane.reader.read(1, signal)
    await expect(answer).rejects.toMatchObject({
      code: 'peer-protocol',
      message: 'the peer writes more on stderr than an honest one would',
      hint: 'look at the far end of ssh root@backup:22',
    })
    await lane.gone
    await lane.close()
  })

  test('last words that come late are there once the process has gone and the connection is closed', async () => {
    const {lane} = open('(sleep 0.1; echo bye >&2) >&- &')
    await lane.gone
    expect(lane.complaint()).toBe('bye')
    const {lane: other} = open('cat >/dev/null; (sleep 0.1; echo bye >&2) >&- &')
    await other.close()
    expect(other.complaint()).toBe('bye')
  })

  test('the reason of a failed connection is there once the process has gone', async () => {
    const {lane} = open('echo "ssh: connect to host backup port 22: Connection refused" >&2; exit 255')
    expect(await lane.reader.read(31, signal)).toBeUndefined()
    expect(await lane.gone).toMatchObject({exitCode: 255})
    expect(lane.complaint()).toContain('Connection refused')
    await lane.close()
  })
})

describe('an end without order', () => {
  test('burning kills the process and all it started, and ends what is in progress', async () => {
    const {lane} = open(`trap '' TERM; sleep 60 & echo $! > "$0.pids"; echo $$ >> "$0.pids"; echo; sleep 60`)
    await lane.reader.read(1, signal)
    const pids = await linesOf(`${directory.path}/peer.pids`, 2)
    const read = codeOf(lane.reader.read(1, signal))
    lane.burn()
    expect(await read).toBe('peer-unreachable')
    expect(await untilGone(pids)).toBe(true)
    expect(await lane.gone).toMatchObject({exitCode: undefined})
    await lane.close()
  })

  test('a peer that does not go when told is burnt', async () => {
    const {lane} = open('echo $$ > "$0.pid"; sleep 60', {}, {}, fastClock())
    const pids = await linesOf(`${directory.path}/peer.pid`, 1)
    await lane.close()
    expect(await untilGone(pids)).toBe(true)
  })

  test('a process that stays after it has closed its end is burnt', async () => {
    const {lane} = open('echo; exec >&-; sleep 60', {}, {}, fastClock())
    await lane.reader.read(1, signal)
    expect(await lane.reader.read(1, signal)).toBeUndefined()
    expect(await lane.gone).toMatchObject({exitCode: undefined})
    await lane.close()
  })

  test('a peer that never answers is given up after the dial timeout', async () => {
    const {lane} = open('sleep 60', {dialTimeoutMs: 100, ifSilent: 'knock'})
    const error = await failureOf(lane.reader.read(31, signal))
    expect(error).toMatchObject({
      code: 'peer-unreachable',
      retryable: true,
      message: 'no answer within 0.1 s',
      hint: 'knock',
    })
    await lane.gone
  })

  test('the dial timeout is over when the peer has greeted', async () => {
    const {lane} = open('echo; exec cat', {dialTimeoutMs: 200})
    await lane.reader.read(1, signal)
    lane.greeted()
    const {promise, resolve} = Promise.withResolvers<void>()
    setTimeout(resolve, 300)
    await promise
    await lane.writer.write(bytes('x'), signal)
    expect(text(await lane.reader.read(1, signal))).toBe('x')
    await lane.close()
  })

  test('a dial timeout of zero is none', async () => {
    const {lane} = open('sleep 0.2; echo', {dialTimeoutMs: 0})
    expect(text(await lane.reader.read(1, signal))).toBe('\n')
    await lane.close()
  })

  test('our death is an end of file for the peer', async () => {
    const path = script(directory.path, 'peer', 'echo $$ > "$0.pid"; cat')
    const program = `
      import {openLaneProcess} from '${import.meta.dirname}/../../../src/lib/host/lane-process.ts'
      import {testContext} from '${import.meta.dirname}/helpers.ts'
      const lane = openLaneProcess(testContext(), {peer: 'p', path: '${path}', argv: [], environment: {}, dialTimeoutMs: 60000}, {})
      await lane.reader.read(1, new AbortController().signal)
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

  test('a stopped run opens nothing', () => {
    const ctx = testContext()
    ctx.stop(new Stopped('enough'))
    const call: LaneProcess = {peer: 'p', path: '/bin/true', argv: [], environment: {}, dialTimeoutMs: 1}
    expect(() => openLaneProcess(ctx, call, {})).toThrow('enough')
  })

  test('a program that cannot be started leaves no descriptor open', async () => {
    const before = openDescriptors()
    const call: LaneProcess = {peer: 'p', path: '/nonexistent', argv: [], environment: {}, dialTimeoutMs: 1}
    for (let round = 0; round < 50; round += 1) {
      expect(await codeOf(() => openLaneProcess(testContext(), call, {}))).toBe('host')
    }
    expect(openDescriptors() - before).toBeLessThan(10)
  })
})

test('a hundred connections leave nothing open', async () => {
  const before = openDescriptors()
  for (let round = 0; round < 100; round += 1) {
    const {lane} = open('exec cat')
    await lane.writer.write(bytes('x'), signal)
    await lane.reader.read(1, signal)
    await lane.close()
  }
  expect(openDescriptors() - before).toBeLessThan(10)
})

/** About how many: the runner opens and closes a few itself. */
function openDescriptors(): number {
  return readdirSync('/dev/fd').length
}

test('a local connection is our own executable with the given words and a small environment', async () => {
  const path = script(
    directory.path,
    'zrepl',
    'echo "$@"; env -u PWD -u SHLVL -u _ -u OLDPWD | sort; echo end',
  )
  const environment = {
    HOME: '/root',
    TZ: 'Europe/Berlin',
    SECRET: 'x',
    LD_PRELOAD: 'y',
    BUN_OPTIONS: '--preload z',
  }
  const target = {
    argv: ['stdinserver', 'laptop', '--config', '/etc/zrepl/zrepl.yml'],
    peer: 'local sink',
    dialTimeoutMs: 10_000,
  }
  const lane = await openLocal(target, {environment, path})(testContext())
  const expected = [
    'stdinserver laptop --config /etc/zrepl/zrepl.yml',
    'HOME=/root',
    'LANG=C',
    'LANGUAGE=',
    'LC_ALL=C',
    'PATH=/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/sbin:/usr/local/bin',
    'TZ=Europe/Berlin',
    'end\n',
  ].join('\n')
  expect(text(await lane.reader.read(expected.length, signal))).toBe(expected)
  await lane.close()
})
