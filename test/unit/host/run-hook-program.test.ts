import {readFileSync} from 'node:fs'
import {join} from 'node:path'
import {afterAll, expect, test} from 'vitest'
import {Stopped} from '../../../src/lib/core/errors.ts'
import {createClock} from '../../../src/lib/host/clock.ts'
import {createRunHookProgram} from '../../../src/lib/host/run-hook-program.ts'
import {createLogs} from '../../../src/lib/trace/log.ts'
import type {LogLine} from '../../../src/lib/trace/log-line.ts'
import {createTestContext} from '../test-context.ts'
import {isRunning, script, temporaryDirectory, untilGone} from './helpers.ts'

const directory = temporaryDirectory()
const dir = directory.path
afterAll(() => directory[Symbol.dispose]())

const shell = (name: string, text: string) => script(dir, name, text)

const run = createRunHookProgram({PATH: '/usr/bin:/bin', HOME: '/nowhere'})

async function runScript(path: string, args: readonly string[] = [], signal?: AbortSignal) {
  const lines: LogLine[] = []
  const error = await run(createTestContext(lines, signal), {
    path,
    args,
    environment: {ZREPL_FS: 'tank/a b'},
  }).then(
    () => undefined,
    (error: unknown) => error,
  )
  const said = lines.filter(({level}) => level !== 'debug')
  return {error, said: said.map(({level, fields}) => `${level} ${fields['line']}`)}
}

test('it has our environment and more, its words as they are, nothing on stdin, and is heard', async () => {
  const path = shell(
    'tell',
    'env | grep -v -e ^PWD= -e ^_= -e ^SHLVL= | sort; printf "%s\\n" "$@"; cat; pwd; echo oops >&2',
  )
  const {error, said} = await runScript(path, ['a b', '$HOME', ''])
  expect(error).toBeUndefined()
  expect(said.filter((line) => line.startsWith('info'))).toEqual([
    'info HOME=/nowhere',
    'info PATH=/usr/bin:/bin',
    'info ZREPL_FS=tank/a b',
    'info a b',
    'info $HOME',
    'info /',
  ])
  expect(said.filter((line) => line.startsWith('warn'))).toEqual(['warn oops'])
})

test('it reads what it is given to read, or does not', async () => {
  const input = `${'x'.repeat(300_000)}\n`
  const lines: LogLine[] = []
  const ctx = createTestContext(lines)
  await run(ctx, {path: shell('count', 'wc -c'), args: [], environment: {}, input})
  await run(ctx, {path: shell('deaf', 'exit 0'), args: [], environment: {}, input})
  expect(lines.filter(({level}) => level === 'info').map(({fields}) => fields['line'])).toEqual(['300001'])
})

test.each([
  ['an exit status', 'echo no disk >&2; exit 3', /ended with exit status 3: no disk$/],
  ['a signal', 'kill -9 $$', /was ended by SIGKILL$/],
])('%s is a failure that says so', async (name, text, message) => {
  const {error} = await runScript(shell(name.replaceAll(' ', '-'), text))
  expect(error).toMatchObject({code: 'hook-failed', message: expect.stringMatching(message)})
})

test.each(['/nowhere/hook', '/etc'])('what cannot be started is a failure: %s', async (path) => {
  expect((await runScript(path)).error).toMatchObject({code: 'hook-failed'})
})

test('when it is stopped, all that it started is', async () => {
  const stop = new AbortController()
  const file = join(dir, 'pids')
  const path = shell('long', `sleep 600 & echo $$ $! >${file}.tmp; mv ${file}.tmp ${file}; echo ready; wait`)
  const clock = createClock()
  const ready = {
    ...createTestContext([], stop.signal),
    log: createLogs(clock, 'info', () => stop.abort(new Stopped('enough'))),
  }
  await expect(run(ready, {path, args: [], environment: {}})).rejects.toThrow('enough')
  const pids = readFileSync(file, 'utf8').trim().split(' ')
  expect(await untilGone(pids)).toBe(true)
})

test('what it leaves running does not hold us up', async () => {
  const path = shell('daemon', 'sleep 600 & echo $!')
  const {error, said} = await runScript(path)
  expect(error).toBeUndefined()
  const pid = Number(said[0]?.split(' ')[1])
  expect(isRunning(pid)).toBe(true)
  process.kill(pid)
})

test('one that talks without end is heard for a while', async () => {
  const path = shell('talk', 'yes 0123456789abcdef | head -c 3000000')
  const {error, said} = await runScript(path)
  expect(error).toBeUndefined()
  expect(said.length).toBe(Math.ceil((1024 * 1024) / 16))
})
