import {describe, expect, test} from 'vitest'
import {destroyProgramCommand, listVersionsCommand} from '../../../src/lib/zfs/argv.ts'
import type {JudgedSnapshot, Outcome} from '../../../src/lib/zfs/client.ts'
import {DESTROY_PROGRAM} from '../../../src/lib/zfs/destroy-program.ts'
import {parseDatasetName, parseGuid, parseSnapshotName} from '../../../src/lib/zfs/name.ts'
import type {CallLibrary} from '../../../src/lib/zfs-client/call-library.ts'
import {createZfsCliClient} from '../../../src/lib/zfs-client/zfs-cli-client.ts'
import {createZfsLibraryClient} from '../../../src/lib/zfs-client/zfs-library-client.ts'
import {changingLibrary} from './changing-library.ts'
import {fails, row, STOPPED, type Step, scripted, testContext} from './scripted-program.ts'

/** `p@a 91`: the guid is what `row` makes of createtxg 1. */
function judged(...texts: readonly string[]): readonly JudgedSnapshot[] {
  return texts.map((text) => {
    const [name = '', guid = ''] = text.split(' ')
    return {name: parseSnapshotName(name), guid: parseGuid(guid)}
  })
}

function versionsOf(...names: readonly string[]) {
  return listVersionsCommand({roots: names.map((name) => parseDatasetName(name)), recursive: false})
}

function word(outcome: Outcome): string {
  return outcome.kind === 'done' ? 'done' : outcome.failure.kind
}

const answers = (numbers: Readonly<Record<string, number>>) => JSON.stringify({return: numbers})
const NOT_ROOT = fails(
  'Channel program execution failed:\nPermission denied. Channel programs must be run as root.',
)

async function destroy(snapshots: readonly JudgedSnapshot[], steps: readonly Step[]) {
  const program = scripted(steps)
  const ctx = testContext()
  const outcomes = await createZfsCliClient(program.run).destroySnapshots(ctx, snapshots)
  program.done()
  return {words: outcomes.map(word), outcomes, calls: program.calls, told: ctx.told}
}

describe('as root', () => {
  test('one program for all filesystems of a pool: it is given on stdin, and names and guids as words', async () => {
    const all = judged('p@a 91', 'p/fs@b 18446744073709551615', 'p/fs@c 9223372036854775808', 'q@a 94')
    const {words, calls} = await destroy(all, [
      [
        'program -j -t 10000000 -m 10485760 p - p@a g91 p/fs@b g-1 p/fs@c g-9223372036854775808',
        answers({'p@a': 0, 'p/fs@b': 0, 'p/fs@c': 0}),
      ],
      ['program -j -t 10000000 -m 10485760 q - q@a g94', answers({'q@a': 0})],
    ])
    expect(words).toEqual(['done', 'done', 'done', 'done'])
    expect(calls.map(({stdin, mutates}) => ({stdin, mutates}))).toEqual(
      Array(2).fill({stdin: {text: DESTROY_PROGRAM}, mutates: true}),
    )
  })

  test('gone is done; replaced and cloned ones stay; nothing else is asked', async () => {
    const all = judged('p@a 91', 'p@b 92', 'p@c 93', 'p@d 94')
    const {words, outcomes} = await destroy(all, [
      [destroyProgramCommand(all), answers({'p@a': 0, 'p@b': 2, 'p@c': -1, 'p@d': 17})],
    ])
    expect(words).toEqual(['done', 'done', 'unknown', 'cloned'])
    expect(outcomes[2]).toMatchObject({
      failure: {message: "'p@c' is no longer the snapshot that was judged"},
    })
  })

  test('what is in use, or fails for a reason the number does not tell, is destroyed by name if it is still the same', async () => {
    const all = judged('p@held 91', 'p@mounted 92', 'p@odd 93', 'p@replaced 94', 'p@gone 95', 'p@cloned 96')
    const {words} = await destroy(all, [
      [
        destroyProgramCommand(all),
        answers({
          'p@held': 16,
          'p@mounted': 16,
          'p@odd': 28,
          'p@replaced': 16,
          'p@gone': 16,
          'p@cloned': 16,
        }),
      ],
      [
        versionsOf('p'),
        `${row('p@held', 1)}${row('p@mounted', 2)}${row('p@odd', 3)}p@replaced\t7\t7\t7\t0\t-\np@cloned\t96\t6\t6\t0\tp/c\n`,
      ],
      [
        'destroy p@held,mounted,odd',
        fails("cannot destroy snapshot p@held: it's being held. Run 'zfs holds -r p@held' to see holders."),
      ],
      ['destroy p@mounted,odd'],
    ])
    expect(words).toEqual(['held', 'done', 'done', 'unknown', 'done', 'cloned'])
  })

  test('two that had one name after the other: the program is asked for one of them', async () => {
    const all = judged('p@a 91', 'p@a 92', 'p@a 92')
    const {words} = await destroy(all, [
      ['program -j -t 10000000 -m 10485760 p - p@a g92', answers({'p@a': 0})],
      [versionsOf('p'), ''],
    ])
    expect(words).toEqual(['done', 'done', 'done'])
  })

  test('ten thousand fit into programs of at most 512, none with words of more than 120 KiB', async () => {
    const all = Array.from({length: 10_000}, (_, index) => ({
      name: parseSnapshotName(`p/fs${index % 3}@${'n'.repeat(180)}${index}`),
      guid: parseGuid('18446744073709551615'),
    }))
    const lengths: number[] = []
    const client = createZfsCliClient(async (_, {argv}) => {
      const names = argv.slice(8).filter((_, index) => index % 2 === 0)
      lengths.push(argv.join(' ').length)
      const stdout = answers(Object.fromEntries(names.map((name) => [name, 0])))
      return {exitCode: 0, signal: undefined, stdout, stderr: '', stderrCut: false}
    })
    const outcomes = await client.destroySnapshots(testContext(), all)
    expect(outcomes.every(({kind}) => kind === 'done')).toBe(true)
    expect(lengths.length).toBe(Math.ceil(10_000 / 512))
    expect(Math.max(...lengths)).toBeLessThanOrEqual(120 * 1024 + 64)
  })
})

describe('where the program cannot be run', () => {
  const all = judged('p@a 91', 'p/fs@b 92', 'p@c 93')

  test.each([
    ['it is not permitted', NOT_ROOT],
    ['the command is older', fails("unrecognized command 'program'")],
    ['it was killed', {exitCode: undefined, signal: 'SIGKILL'}],
    ['it ran out of memory', fails('Channel program execution failed:\nMemory limit exhausted.')],
    ['nothing is printed', ''],
    ['the answer is cut', '{"return":{"p@a":0'],
    ['the answer is something else', '{"return":{"p@a":"0"}}'],
    ['it is no answer', '[]'],
  ] as const)('%s: everything is listed and destroyed by name', async (_, answer) => {
    const {words, told} = await destroy(all, [
      [destroyProgramCommand(all), answer],
      [versionsOf('p', 'p/fs'), row('p@a', 1) + row('p/fs@b', 2) + row('p@c', 4)],
      ['destroy p@a'],
      ['destroy p/fs@b'],
    ])
    // The guid of the last one is not 93 any more.
    expect(words).toEqual(['done', 'done', 'unknown'])
    expect(told.filter(({level}) => level === 'info').map(({message}) => message)).toEqual([
      'guids are checked right before destroying, not by a channel program',
    ])
  })

  test('and that is remembered', async () => {
    const program = scripted([
      [destroyProgramCommand(all), NOT_ROOT],
      [versionsOf('p', 'p/fs'), ''],
      [versionsOf('p', 'p/fs'), ''],
    ])
    const client = createZfsCliClient(program.run)
    await client.destroySnapshots(testContext(), all)
    await client.destroySnapshots(testContext(), all)
    program.done()
  })

  test('without a name in the answer nobody knows: it is looked at again', async () => {
    const {words} = await destroy(judged('p@a 91', 'p@b 92'), [
      [destroyProgramCommand(judged('p@a 91', 'p@b 92')), answers({'p@a': 0})],
      [versionsOf('p'), row('p@b', 2)],
      ['destroy p@b'],
    ])
    expect(words).toEqual(['done', 'done'])
  })

  test('a listing that fails stops it: nothing is destroyed by name alone', async () => {
    const program = scripted([
      [destroyProgramCommand(all), NOT_ROOT],
      [versionsOf('p', 'p/fs'), fails('odd')],
    ])
    const work = createZfsCliClient(program.run).destroySnapshots(testContext(), all)
    await expect(work).rejects.toMatchObject({code: 'zfs-failed'})
    program.done()
  })

  test('a stop passes through', async () => {
    const {run} = scripted([[destroyProgramCommand(all), STOPPED]])
    await expect(createZfsCliClient(run).destroySnapshots(testContext(), all)).rejects.toBe(STOPPED)
  })
})

test('the library runs the same program', async () => {
  const asked: unknown[] = []
  const call: CallLibrary = async (_, {operation, pool, objects}) => {
    asked.push([operation, pool, objects])
    return {errno: 0, errors: Object.fromEntries(objects.map(([name]) => [name, 0]))}
  }
  const {run} = scripted([])
  const client = createZfsLibraryClient(changingLibrary(call), createZfsCliClient(run))
  const outcomes = await client.destroySnapshots(testContext(), judged('p@a 91', 'p@b 18446744073709551614'))
  expect(outcomes.map(word)).toEqual(['done', 'done'])
  expect(asked).toEqual([
    [
      'destroy-judged',
      'p',
      [
        ['p@a', 'g91'],
        ['p@b', 'g-2'],
      ],
    ],
  ])
})

test('nothing to destroy is no command', async () => {
  expect((await destroy([], [])).words).toEqual([])
})
