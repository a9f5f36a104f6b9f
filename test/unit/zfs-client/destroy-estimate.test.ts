import {expect, test} from 'vitest'
import {parseSnapshotName} from '../../../src/lib/zfs/name.ts'
import {createZfsCliClient} from '../../../src/lib/zfs-client/zfs-cli-client.ts'
import {fails, type Step, scripted, testContext} from './scripted-program.ts'

async function estimate(names: readonly string[], steps: readonly Step[]): Promise<bigint | undefined> {
  const program = scripted(steps)
  const bytes = await createZfsCliClient(program.run).estimateDestroy(
    testContext(),
    names.map(parseSnapshotName),
  )
  program.done()
  expect(program.calls.map(({mutates}) => mutates)).toEqual(steps.map(() => false))
  return bytes
}

test('one command that changes nothing tells what would be freed', async () => {
  expect(
    await estimate(
      ['a@x', 'a@y'],
      [['destroy -n -v -p a@x,y', 'destroy\ta@x\ndestroy\ta@y\nreclaim\t4096\n']],
    ),
  ).toBe(4096n)
})

test('what does not fit into one command is asked for in several, and added up', async () => {
  const names = Array.from({length: 513}, (_, index) => `a@s${index}`)
  const first = names
    .slice(0, 512)
    .map((name) => name.slice(2))
    .join(',')
  expect(
    await estimate(names, [
      [`destroy -n -v -p a@${first}`, 'reclaim\t1\n'],
      ['destroy -n -v -p a@s512', 'reclaim\t2\n'],
    ]),
  ).toBe(3n)
})

test('without an answer there is none', async () => {
  expect(await estimate(['a@x'], [['destroy -n -v -p a@x', fails('permission denied')]])).toBeUndefined()
  expect(await estimate(['a@x'], [['destroy -n -v -p a@x', 'nonsense\n']])).toBeUndefined()
})
