import {mkdtempSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {execa} from 'execa'
import {afterAll, beforeAll, expect, test} from 'vitest'
import {CASES as CHANGES} from '../client-conformance/cases.ts'
import {STREAM_CASES} from '../client-conformance/stream-cases.ts'
import {type Lab, openLab} from './lab.ts'

const CASES = [...CHANGES, ...STREAM_CASES]
/** A user cannot write to what is not mounted. */
const CASES_OF_USER = [...CHANGES, ...STREAM_CASES.filter(({writes}) => writes !== true)]

type Found = Readonly<Record<string, readonly string[]>>

const DELEGATED = 'create,canmount,mount,snapshot,clone,hold,release,bookmark,destroy,send,receive'

let lab: Lab
let destroy: () => Promise<void>
let foundByRoot: Found
let foundByUser: Found

beforeAll(async () => {
  lab = await openLab()
  const pools = await lab.pools()
  destroy = pools.destroy
  await lab.upload(await compileDriver(), '/usr/local/bin/driver')
  await lab.ok(
    `for d in root user; do zfs create -o mountpoint=none ${pools.src}/$d; done; zfs allow zrepl ${DELEGATED} ${pools.src}/user\n`,
  )
  const drive = (dataset: string, ...wanted: readonly string[]) =>
    `driver /usr/local/bin/zrepl ${pools.src}/${dataset} ${wanted.join(' ')}`
  foundByRoot = JSON.parse(await lab.ok(`${drive('root', 'cli', 'library')}\n`)) as Found
  foundByUser = JSON.parse(await lab.ok(`su zrepl -c '${drive('user', 'library')}'\n`)) as Found
})

afterAll(async () => {
  await destroy?.()
  await lab?.close()
})

async function compileDriver(): Promise<string> {
  const driver = join(directory, 'driver')
  const source = join(import.meta.dirname, '..', 'client-conformance', 'driver.ts')
  await execa(process.execPath, ['build', '--compile', '--outfile', driver, source])
  return driver
}

const directory = mkdtempSync(join(tmpdir(), 'zrepl-driver-'))
afterAll(() => rmSync(directory, {recursive: true, force: true}))

test.each(CASES.flatMap((one) => (['cli', 'library'] as const).map((access) => ({...one, access}))))(
  'root, $access, $name',
  ({access, name, expected}) => {
    expect(foundByRoot[`${access}, ${name}`]).toEqual(expected)
  },
)

test.each(CASES_OF_USER)('a user by zfs allow, library, $name', ({name, expected}) => {
  expect(foundByUser[`library, ${name}`]).toEqual(expected)
})
