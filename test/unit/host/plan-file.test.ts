import {existsSync, readdirSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {expect, test} from 'vitest'
import {publishPlan, readPlans} from '../../../src/lib/host/plan-file.ts'
import {temporaryDirectory} from './helpers.ts'

test('a plan is seen until it is withdrawn, and leaves nothing', () => {
  using temporary = temporaryDirectory()
  const directory = temporary.path
  const one = publishPlan(directory, 'one', 'plan of one')
  const other = publishPlan(directory, 'a/b c', 'plan of the other')
  expect(readPlans(directory).toSorted()).toEqual(['plan of one', 'plan of the other'])
  one.withdraw()
  expect(readPlans(directory)).toEqual(['plan of the other'])
  other.withdraw()
  expect(readdirSync(directory)).toEqual([])
})

test('a plan replaces the one that a killed run has left', () => {
  using temporary = temporaryDirectory()
  const directory = temporary.path
  writeFileSync(join(directory, 'job.plan'), 'old')
  expect(readPlans(directory)).toEqual([])
  const plan = publishPlan(directory, 'job', 'new')
  expect(readPlans(directory)).toEqual(['new'])
  plan.withdraw()
})

test('the plan of a process that was killed means nothing', async () => {
  using temporary = temporaryDirectory()
  const directory = temporary.path
  const module = join(import.meta.dirname, '../../../src/lib/host/plan-file.ts')
  const script = `import {publishPlan} from '${module}'; publishPlan('${directory}', 'job', 'plan'); console.log('there'); setInterval(() => {}, 1000)`
  const child = Bun.spawn([process.execPath, '-e', script], {stdout: 'pipe'})
  await child.stdout.getReader().read()
  expect(readPlans(directory)).toEqual(['plan'])
  child.kill('SIGKILL')
  await child.exited
  expect(existsSync(join(directory, 'job.plan'))).toBe(true)
  expect(readPlans(directory)).toEqual([])
})

test('where nothing ever ran there is no plan', () => {
  using temporary = temporaryDirectory()
  expect(readPlans(join(temporary.path, 'none'))).toEqual([])
})

test('a plan of which not all can be written is none', async () => {
  using temporary = temporaryDirectory()
  const directory = temporary.path
  const module = join(import.meta.dirname, '../../../src/lib/host/plan-file.ts')
  const script = `import {publishPlan} from '${module}'
try { publishPlan('${directory}', 'job', 'x'.repeat(100_000)) } catch ({code, message}) { console.log(code, message) }`
  // No file gets longer than this, and a write that comes so far writes less than it was to.
  const limited = `trap '' XFSZ; ulimit -f 16; exec "$0" -e "$1"`
  const child = Bun.spawn(['sh', '-c', limited, process.execPath, script], {stdout: 'pipe'})
  expect(await new Response(child.stdout).text()).toBe(
    `host cannot write the plan file '${directory}/job.plan': EFBIG\n`,
  )
  expect(readdirSync(directory)).toEqual([])
})
