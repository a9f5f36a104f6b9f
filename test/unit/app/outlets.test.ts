import {readFileSync} from 'node:fs'
import {expect, test} from 'vitest'
import {holdBack} from '../../../src/lib/app/held-back.ts'
import {openOutlets} from '../../../src/lib/app/outlets.ts'
import type {LogOutlet} from '../../../src/lib/config/resolve-logging.ts'
import {createLogs} from '../../../src/lib/trace/log.ts'
import {temporaryDirectory} from '../host/helpers.ts'

const clock = {now: () => Date.UTC(2026, 0, 2, 3, 4, 5), monotonic: () => 0, sleep: async () => {}}
const TIME = '2026-01-02T03:04:05.000Z'

const STDERR: LogOutlet = {type: 'stdout', level: 'warn', format: 'human', time: true, color: true}

function file(path: string, more: Partial<LogOutlet> = {}): LogOutlet {
  return {type: 'file', level: 'warn', format: 'human', path, ...more} as LogOutlet
}

/** What a run that says something at each level leaves on stderr. */
async function run(logging: readonly LogOutlet[], verbose = false): Promise<string> {
  let text = ''
  const outlet = openOutlets(logging, {verbose, write: (more) => (text += more), id: 'Uv38'}, clock)
  const log = createLogs(clock, outlet.level, outlet.write).of('job')
  log.debug('looked')
  log.info('began')
  log.warn('odd', {n: 1})
  log.error('broke')
  await outlet.close()
  return text
}

test('each outlet has its own level and format', async () => {
  using directory = temporaryDirectory()
  const path = `${directory.path}/log`
  const onStderr = await run([
    {...STDERR, level: 'error', time: false},
    file(path, {level: 'info', format: 'logfmt'}),
  ])
  expect(onStderr).toBe('[ERRO][job]: broke\n')
  expect(readFileSync(path, 'utf8')).toBe(
    `time=${TIME} level=info msg=began subsystem=job
time=${TIME} level=warn msg=odd subsystem=job n=1
time=${TIME} level=error msg=broke subsystem=job
`,
  )
})

test('who asks for more gets it on stderr, whatever the configuration has', async () => {
  using directory = temporaryDirectory()
  const path = `${directory.path}/log`
  const all = ['DEBG', 'INFO', 'WARN', 'ERRO']
  const levels = (text: string) => Array.from(text.matchAll(/\[([A-Z]{4})\]/g), ([, level]) => level)
  expect(levels(await run([STDERR, file(path)], true))).toEqual(all)
  expect(levels(await run([file(path)], true))).toEqual(all)
  expect(levels(readFileSync(path, 'utf8'))).toEqual(['WARN', 'ERRO', 'WARN', 'ERRO'])
})

test('what an outlet loses is told by another one, and of the only one on stderr', async () => {
  using directory = temporaryDirectory()
  const path = `${directory.path}/log`
  const because = `error="cannot write to '/dev/full': ENOSPC"`
  const told = `${TIME} [WARN][log][Uv38]: log lines are lost outlet="file" ${because}\n`
  const counted = `${TIME} [WARN][log][Uv38]: log lines were lost outlet="file" lines="2"\n`
  expect(await run([file('/dev/full')])).toBe(`${told}${counted}`)
  expect(await run([file('/dev/full'), STDERR])).toContain(told)
  expect(await run([file(path), file('/dev/full')])).toBe('')
  expect(readFileSync(path, 'utf8')).toContain(told)
})

test('what is held back is said when something has gone wrong, and then everything at once', () => {
  const said: string[] = []
  const held = holdBack((text) => said.push(text))
  held.write('a')
  held.write('b')
  expect(said).toEqual([])
  held.release()
  held.write('c')
  expect(said).toEqual(['a', 'b', 'c'])
})

test('of much that is held back the newest stays', () => {
  const said: string[] = []
  const held = holdBack((text) => said.push(text))
  for (let index = 0; index < 300; index += 1) held.write(`${index} ${'x'.repeat(10_000)}`)
  held.release()
  expect(said.at(-1)).toMatch(/^299 /)
  expect(said.length).toBeGreaterThan(90)
  expect(said.length).toBeLessThan(110)
})
