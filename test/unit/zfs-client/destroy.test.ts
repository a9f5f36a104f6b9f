import {describe, expect, test} from 'vitest'
import {listVersionsCommand} from '../../../src/lib/zfs/argv.ts'
import type {Outcome} from '../../../src/lib/zfs/client.ts'
import {type DatasetName, parseDatasetName, parseSnapshotName} from '../../../src/lib/zfs/name.ts'
import {destroySnapshots} from '../../../src/lib/zfs-client/destroy.ts'
import type {RunProgram} from '../../../src/lib/zfs-client/run-program.ts'
import {deliver} from '../../deliver.ts'
import {fails, row, STOPPED, type Step, scripted, testContext} from './scripted-program.ts'

async function destroy(names: readonly string[], steps: readonly Step[]): Promise<readonly string[]> {
  const program = scripted(steps)
  const outcomes = await destroySnapshots(testContext(), program.run, names.map(parseSnapshotName))
  program.done()
  expect(program.calls.every(({argv, mutates}) => mutates === (argv[0] === 'destroy'))).toBe(true)
  return outcomes.map(word)
}

function word(outcome: Outcome): string {
  return outcome.kind === 'done' ? 'done' : outcome.failure.kind
}

function versionsOf(...names: readonly string[]) {
  return listVersionsCommand({roots: names.map(parseDatasetName) as readonly DatasetName[], recursive: false})
}

const undestroyable = (name: string, reason = 'undestroyable reason') =>
  `cannot destroy snapshot ${name}: ${reason}`

describe('the order of zrepl', () => {
  test('datasets and names sorted, one command each; in the way: without them, then alone; unclear: each alone', async () => {
    const names = [
      'z@foo',
      'a@foo',
      'a@bar',
      'b@bar',
      'b@zab',
      'b@undestroyable',
      'c@baz',
      'c@randomerror',
      'c@bar',
      'd@blup',
    ]
    const outcomes = await destroy(names, [
      ['destroy a@bar,foo'],
      ['destroy b@bar,undestroyable,zab', fails(undestroyable('b@undestroyable'))],
      ['destroy b@bar,zab'],
      ['destroy b@undestroyable', fails(undestroyable('b@undestroyable'))],
      ['destroy c@bar,baz,randomerror', fails('a random error')],
      ['destroy c@bar'],
      ['destroy c@baz'],
      ['destroy c@randomerror', fails('a random error')],
      ['destroy d@blup'],
      ['destroy z@foo'],
      [versionsOf('b', 'c'), row('b@undestroyable', 1) + row('c@randomerror', 1)],
    ])
    expect(outcomes).toEqual([
      'done',
      'done',
      'done',
      'done',
      'done',
      'unknown',
      'done',
      'unknown',
      'done',
      'done',
    ])
  })

  test('all in the way: no command without any, each alone', async () => {
    const outcomes = await destroy(
      ['a@foo', 'a@bar'],
      [
        ['destroy a@bar,foo', fails(`${undestroyable('a@foo')}\n${undestroyable('a@bar')}`)],
        ['destroy a@bar', fails(undestroyable('a@bar'))],
        ['destroy a@foo', fails(undestroyable('a@foo'))],
        [versionsOf('a'), row('a@bar', 1) + row('a@foo', 2)],
      ],
    )
    expect(outcomes).toEqual(['unknown', 'unknown'])
  })
})

describe('what is clear is not asked again', () => {
  test('held (in both wordings), busy and cloned snapshots are named by one command', async () => {
    const stderr = [
      undestroyable('p/fs@held', 'dataset is busy'),
      undestroyable('p/fs@newer', "it's being held. Run 'zfs holds -r p/fs@newer' to see holders."),
      undestroyable('p/fs@cloned', 'snapshot is cloned'),
    ].join('\n')
    const outcomes = await destroy(
      ['p/fs@a', 'p/fs@cloned', 'p/fs@held', 'p/fs@newer'],
      [['destroy p/fs@a,cloned,held,newer', fails(stderr)], ['destroy p/fs@a']],
    )
    expect(outcomes).toEqual(['done', 'cloned', 'busy', 'held'])
  })

  test('another one held meanwhile costs one more command', async () => {
    const outcomes = await destroy(
      ['p@a', 'p@b', 'p@c'],
      [
        ['destroy p@a,b,c', fails(undestroyable('p@a', 'dataset is busy'))],
        ['destroy p@b,c', fails(undestroyable('p@b', 'dataset is busy'))],
        ['destroy p@c'],
      ],
    )
    expect(outcomes).toEqual(['busy', 'busy', 'done'])
  })

  test('without the right to destroy none is tried alone', async () => {
    const outcomes = await destroy(
      ['p@a', 'p@b'],
      [['destroy p@a,b', fails('cannot destroy snapshots: permission denied')]],
    )
    expect(outcomes).toEqual(['permission', 'permission'])
  })
})

describe('what is gone is done', () => {
  test('all of them, by the listing and not by the words', async () => {
    const nothing = fails('could not find any snapshots to destroy; check snapshot names.')
    expect(
      await destroy(
        ['p@a', 'p@b'],
        [
          ['destroy p@a,b', nothing],
          [versionsOf('p'), row('p@b', 1)],
        ],
      ),
    ).toEqual(['done', 'does-not-exist'])
  })

  test('with their filesystem', async () => {
    const missing = fails("cannot open 'p': dataset does not exist")
    expect(
      await destroy(
        ['p@a', 'p@b'],
        [
          ['destroy p@a,b', missing],
          [versionsOf('p'), missing],
        ],
      ),
    ).toEqual(['done', 'done'])
  })

  test('although the command was killed', async () => {
    const killed = {exitCode: undefined, signal: 'SIGKILL'}
    expect(
      await destroy(
        ['p@a'],
        [
          ['destroy p@a', killed],
          [versionsOf('p'), row('p@other', 1)],
        ],
      ),
    ).toEqual(['done'])
  })

  test('but a listing that fails settles nothing', async () => {
    const outcomes = await destroy(
      ['p@a'],
      [
        ['destroy p@a', fails('odd')],
        [versionsOf('p'), fails('odd again')],
      ],
    )
    expect(outcomes).toEqual(['unknown'])
  })
})

describe('what cannot be believed', () => {
  test('an error about a snapshot that was not asked for', async () => {
    const outcomes = await destroy(
      ['p@a', 'p@b'],
      [
        ['destroy p@a,b', fails(undestroyable('p@other', 'dataset is busy'))],
        ['destroy p@a'],
        ['destroy p@b', fails(undestroyable('p@b', 'dataset is busy'))],
      ],
    )
    expect(outcomes).toEqual(['done', 'busy'])
  })

  test('words whose beginning is missing', async () => {
    const cut = {...fails(undestroyable('p@b', 'dataset is busy')), stderrCut: true}
    const outcomes = await destroy(
      ['p@a', 'p@b'],
      [
        ['destroy p@a,b', cut],
        ['destroy p@a', fails(undestroyable('p@a', 'dataset is busy'))],
        ['destroy p@b', fails(undestroyable('p@b', 'dataset is busy'))],
      ],
    )
    expect(outcomes).toEqual(['busy', 'busy'])
  })

  test('more than a few are not tried one by one but in halves', async () => {
    const names = Array.from({length: 64}, (_, index) => `p@s${String(index).padStart(2, '0')}`)
    const calls: string[] = []
    const run: RunProgram = async (_, call) => {
      const words = call.argv.join(' ')
      calls.push(words)
      const bad = words.includes('s37')
      return deliver(call, {
        exitCode: bad ? 1 : 0,
        signal: undefined,
        stdout: row('p@s37', 1),
        stderr: bad ? 'odd' : '',
        stderrCut: false,
      })
    }
    const outcomes = await destroySnapshots(testContext(), run, names.map(parseSnapshotName))
    expect(outcomes.flatMap((outcome, index) => (outcome.kind === 'done' ? [] : [index]))).toEqual([37])
    // Two halves twice, then sixteen alone, then the listing.
    expect(calls.length).toBe(1 + 2 + 2 + 16 + 1)
  })
})

test('a stop passes through', async () => {
  const {run} = scripted([
    ['destroy p@a,b', fails('odd')],
    ['destroy p@a', STOPPED],
  ])
  const work = destroySnapshots(testContext(), run, ['p@a', 'p@b'].map(parseSnapshotName))
  await expect(work).rejects.toBe(STOPPED)
})

test('ten thousand snapshots of three filesystems fit into a few commands, none with an argument over 64 KiB', async () => {
  const names = Array.from({length: 10_000}, (_, index) =>
    parseSnapshotName(`tank/fs${index % 3}@${'n'.repeat(180)}${index}`),
  )
  const calls: number[] = []
  const run: RunProgram = async (_, {argv}) => {
    calls.push(Math.max(...argv.map((word) => word.length)))
    return {exitCode: 0, signal: undefined, stdout: '', stderr: '', stderrCut: false}
  }
  expect((await destroySnapshots(testContext(), run, names)).every(({kind}) => kind === 'done')).toBe(true)
  expect(calls.length).toBe(3 * Math.ceil(3334 / 352))
  expect(Math.max(...calls)).toBeLessThanOrEqual(64 * 1024 + 256)
})

test('nothing to destroy is no command; a name asked twice is destroyed once', async () => {
  expect(await destroy([], [])).toEqual([])
  expect(await destroy(['p@a', 'p@a'], [['destroy p@a']])).toEqual(['done', 'done'])
})
