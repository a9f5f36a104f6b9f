import {chmodSync, mkdirSync, symlinkSync, writeFileSync} from 'node:fs'
import {afterEach, beforeEach, expect, test} from 'vitest'
import {findProgram, resolveProgram} from '../../../src/lib/host/resolve-program.ts'
import {codeOf, failureOf, script, temporaryDirectory} from './helpers.ts'

let directory: ReturnType<typeof temporaryDirectory>
let first: string
let second: string
beforeEach(() => {
  directory = temporaryDirectory()
  first = `${directory.path}/first`
  second = `${directory.path}/second`
  mkdirSync(first)
  mkdirSync(second)
})
afterEach(() => directory[Symbol.dispose]())

const owner = process.getuid?.() ?? 0
const search = () => ({directories: [first, second], owner})

test('the first place that has it wins, PATH is not asked', () => {
  script(second, 'zfs', '')
  expect(resolveProgram('zfs', search())).toBe(`${second}/zfs`)
  script(first, 'zfs', '')
  expect(resolveProgram('zfs', search())).toBe(`${first}/zfs`)
})

test('a symbolic link is called by its own name', () => {
  const real = script(second, 'openzfs', '')
  symlinkSync(real, `${first}/zfs`)
  expect(resolveProgram('zfs', search())).toBe(`${first}/zfs`)
})

test('what is missing has its code and a remedy', async () => {
  expect(findProgram('zfs', search())).toBeUndefined()
  expect(await failureOf(() => resolveProgram('zfs', search()))).toMatchObject({
    code: 'zfs-missing',
    hint: expect.stringContaining('zfsutils-linux'),
  })
  expect(await failureOf(() => resolveProgram('ssh', search()))).toMatchObject({
    code: 'host',
    hint: expect.stringContaining('openssh'),
  })
})

test.each<[string, () => void]>([
  ['writable by others', () => chmodSync(script(first, 'zfs', ''), 0o777)],
  ['writable by a group', () => chmodSync(script(first, 'zfs', ''), 0o775)],
  ['not executable', () => writeFileSync(`${first}/zfs`, '', {mode: 0o644})],
  ['a directory', () => mkdirSync(`${first}/zfs`)],
  [
    'a link to what is writable by others',
    () => {
      chmodSync(script(first, 'other', ''), 0o777)
      symlinkSync('other', `${first}/zfs`)
    },
  ],
])('what is %s is refused, and no other is taken for it', async (_, prepare) => {
  prepare()
  script(second, 'zfs', '')
  expect(await codeOf(() => resolveProgram('zfs', search()))).toBe('zfs-missing')
})

test('what belongs to somebody else is refused', async () => {
  script(first, 'zfs', '')
  const error = await failureOf(() => resolveProgram('zfs', {...search(), owner: owner + 1}))
  expect(error).toMatchObject({
    code: 'zfs-missing',
    message: expect.stringContaining(`belongs to user ${owner}`),
  })
})

test('this machine has an sh', () => {
  expect(findProgram('sh')).toMatch(/^\/(usr\/)?bin\/sh$/)
})
