import {describe, expect, test} from 'vitest'
import {OperationalError} from '../../../src/lib/core/errors.ts'
import {listIdentitiesCommand, listNamedCommand, listVersionsCommand} from '../../../src/lib/zfs/argv.ts'
import type {ListQuery} from '../../../src/lib/zfs/client.ts'
import {
  parseBookmarkName,
  parseCreatetxg,
  parseDatasetName,
  parseGuid,
  parseSnapshotName,
} from '../../../src/lib/zfs/name.ts'
import type {Version} from '../../../src/lib/zfs/version.ts'
import {listKnownOf} from '../../../src/lib/zfs-client/list-known.ts'
import {row, type Step, scripted, testContext} from './scripted-program.ts'

const A = parseDatasetName('p/a')
const QUERY: ListQuery = {roots: [A], recursive: true}

const common = (name: string, guid: number, createtxg: number) => ({
  filesystem: A,
  name,
  guid: parseGuid(String(guid)),
  createtxg: parseCreatetxg(String(createtxg)),
  creation: createtxg * 10,
})
const snapshot = (name: string, guid: number, createtxg: number, userrefs = 0): Version => ({
  kind: 'snapshot',
  ...common(name, guid, createtxg),
  userrefs,
})
const bookmark = (name: string, guid: number, createtxg: number): Version => ({
  kind: 'bookmark',
  ...common(name, guid, createtxg),
})

const KNOWN = [snapshot('1', 11, 2, 3), snapshot('2', 12, 3), bookmark('old', 10, 1)]
const line = (name: string, guid: number, createtxg: number, clones = name.includes('#') ? '-' : '0') =>
  `p/a${name}\t${guid}\t${createtxg}\t${clones}\n`

async function list(steps: readonly Step[]): Promise<readonly Version[] | string> {
  const program = scripted(steps)
  const kept = {state: undefined, sameUntilSeconds: 0, listedMs: 0, versions: KNOWN}
  try {
    const {versions} = await listKnownOf(testContext(), program.run, QUERY, new Map([[A, kept]]))
    program.done()
    return versions.get(A) ?? []
  } catch (error) {
    if (error instanceof OperationalError) return `${error.code}: ${error.message}`
    throw error
  }
}

const PRINTED = line('@1', 11, 2) + line('@2', 12, 3) + line('#old', 10, 1)

test('what is known is not looked at: its date and how often it was held are taken as they were', async () => {
  expect(await list([[listIdentitiesCommand(QUERY), PRINTED]])).toEqual([
    bookmark('old', 10, 1),
    snapshot('1', 11, 2, 3),
    snapshot('2', 12, 3),
  ])
})

test('a bookmark has the date of its snapshot, also of one that is looked at', async () => {
  const printed = PRINTED + line('#of2', 12, 3) + line('@3', 13, 4) + line('#of3', 13, 4)
  const looked = listNamedCommand([parseSnapshotName('p/a@3')])
  expect(
    await list([
      [listIdentitiesCommand(QUERY), printed],
      [looked, 'p/a@3\t13\t4\t40\t0\t-\n'],
    ]),
  ).toEqual([
    bookmark('old', 10, 1),
    snapshot('1', 11, 2, 3),
    bookmark('of2', 12, 3),
    snapshot('2', 12, 3),
    bookmark('of3', 13, 4),
    snapshot('3', 13, 4),
  ])
})

describe('looked at by its name is', () => {
  test.each([
    ['one that has clones', line('@2', 12, 3, '1'), '@2'],
    ['one that was made anew under its name', line('@2', 99, 3), '@2'],
    ['one that has come with another stream', line('@2', 12, 9), '@2'],
    ['one that was renamed', line('@z', 12, 3), '@z'],
    ['a bookmark without a snapshot', line('@2', 12, 3) + line('#alone', 9, 1), '#alone'],
  ])('%s', async (_, printed, name) => {
    const command = listNamedCommand([
      name.startsWith('@') ? parseSnapshotName(`p/a${name}`) : parseBookmarkName(`p/a${name}`),
    ])
    const rows = line('@1', 11, 2) + printed + line('#old', 10, 1)
    const found = rows.split('\n').find((text) => text.startsWith(`p/a${name}\t`))
    const [full = '', guid = '', createtxg = ''] = found?.split('\t') ?? []
    const answer = `${full}\t${guid}\t${createtxg}\t77\t${name.startsWith('#') ? '-' : '5'}\t-\n`
    const versions = await list([
      [listIdentitiesCommand(QUERY), rows],
      [command, answer],
    ])
    if (typeof versions === 'string') throw new Error(versions)
    expect(versions.find((version) => version.name === name.slice(1))).toMatchObject({guid, creation: 77})
  })
})

test('what is gone by then, or another one, is not guessed', async () => {
  const printed = PRINTED + line('@3', 13, 4)
  const looked = listNamedCommand([parseSnapshotName('p/a@3')])
  const gone = "zfs-output: 'p/a@3' was gone when it was looked at"
  const missing = {exitCode: 1, stderr: "cannot open 'p/a@3': dataset does not exist\n"}
  expect(
    await list([
      [listIdentitiesCommand(QUERY), printed],
      [looked, missing],
    ]),
  ).toBe(gone)
  expect(
    await list([
      [listIdentitiesCommand(QUERY), printed],
      [looked, 'p/a@3\t14\t4\t40\t0\t-\n'],
    ]),
  ).toBe(gone)
})

test('where most is new everything is listed by one command', async () => {
  const names = ['3', '4', '5', '6']
  const printed =
    PRINTED + names.map((name) => line(`@${name}`, 10 + Number(name), 1 + Number(name))).join('')
  const versions = await list([
    [listIdentitiesCommand(QUERY), printed],
    [listVersionsCommand(QUERY), names.map((name) => row(`p/a@${name}`, Number(name))).join('')],
  ])
  expect(versions).toHaveLength(4)
})

test.each(['', '-', '-1', '1.0', 'x'])('%j is no number of clones', async (clones) => {
  const answer = await list([[listIdentitiesCommand(QUERY), line('@1', 11, 2, clones)]])
  expect(answer).toContain('bad numclones')
})
