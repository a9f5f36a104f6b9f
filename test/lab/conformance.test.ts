import {mkdtempSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {execa} from 'execa'
import {afterAll, beforeAll, expect, test} from 'vitest'
import {BUN} from '../../tools/paths.ts'
import type {Verdict} from '../conformance/case.ts'
import {CASES} from '../conformance/cases.ts'
import {type Lab, openLab} from './lab.ts'

const DRIVER = '/usr/local/bin/zrepl-conformance'

let lab: Lab
let pool: string
let destroy: () => Promise<void>
const verdicts = new Map<string, Verdict>()

beforeAll(async () => {
  lab = await openLab()
  ;({src: pool, destroy} = await lab.pools())
  const dir = mkdtempSync(join(tmpdir(), 'zrepl-conformance-'))
  const driver = join(dir, 'driver')
  await execa(BUN, [
    'build',
    '--compile',
    '--outfile',
    driver,
    join(import.meta.dirname, '..', 'conformance', 'driver.ts'),
  ])
  await lab.upload(driver, DRIVER)
  rmSync(dir, {recursive: true})
  const {stdout} = await lab.sh(
    `cd / && zfs set mountpoint=none ${pool} && ${DRIVER} ${pool} /tmp/conformance-${pool}\n`,
  )
  for (const line of stdout.trim().split('\n')) {
    const verdict = JSON.parse(line) as Verdict
    verdicts.set(verdict.name, verdict)
  }
})

afterAll(async () => {
  await destroy?.()
  await lab?.close()
})

test('all of zrepl’s platform tests are here, once each', () => {
  expect(new Set(CASES.map(({name}) => name)).size).toBe(47)
  expect(CASES).toHaveLength(47)
})

test.each(CASES.filter((one) => 'run' in one))('$name', ({name}) => {
  const verdict = verdicts.get(name)
  expect(verdict, 'the driver ended before it').toBeDefined()
  expect(verdict?.error).toBeUndefined()
})

for (const one of CASES) {
  if ('notHere' in one)
    test(`${one.name}: not here, ${one.notHere}`, () => {
      expect(one.notHere).not.toBe('')
      expect(verdicts.has(one.name)).toBe(false)
    })
}
