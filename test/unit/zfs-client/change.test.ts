import {describe, expect, test} from 'vitest'
import {Bug} from '../../../src/lib/core/assert.ts'
import {OperationalError} from '../../../src/lib/core/errors.ts'
import {
  estimateCommand,
  listDatasetsCommand,
  listHoldsCommand,
  listVersionsCommand,
  sendCommand,
} from '../../../src/lib/zfs/argv.ts'
import type {
  Hold,
  NewBookmark,
  Outcome,
  ReceiveArgs,
  SendArgs,
  ZfsClient,
} from '../../../src/lib/zfs/client.ts'
import {
  type Createtxg,
  parseBookmarkName,
  parseDatasetName,
  parseGuid,
  parseHoldTag,
  parseSnapshotName,
} from '../../../src/lib/zfs/name.ts'
import type {Snapshot} from '../../../src/lib/zfs/version.ts'
import {readOnly} from '../../../src/lib/zfs-client/read-only.ts'
import {createZfsCliClient} from '../../../src/lib/zfs-client/zfs-cli-client.ts'
import {anyFrom, anyTo, NO_STREAM} from '../../any-stream.ts'
import {PLAIN} from '../../send-flags.ts'
import {dataset, fails, row, STOPPED, type Step, scripted, testContext} from './scripted-program.ts'

async function outcomes(
  steps: readonly Step[],
  work: (client: ZfsClient) => Promise<readonly Outcome[]>,
): Promise<readonly string[]> {
  const program = scripted(steps)
  const result = await work(createZfsCliClient(program.run))
  program.done()
  return result.map((outcome) => (outcome.kind === 'done' ? 'done' : outcome.failure.kind))
}

const ctx = testContext()
const KILLED = {exitCode: undefined, signal: 'SIGKILL'}

describe('snapshot', () => {
  const take = (steps: readonly Step[], ...names: readonly string[]) =>
    outcomes(steps, (client) => client.snapshot(testContext(), names.map(parseSnapshotName)))
  const versionsOf = (...names: readonly string[]) =>
    listVersionsCommand({roots: names.map(parseDatasetName), recursive: false})

  test('one command for each pool, outcomes in the order asked', async () => {
    const stderr = "cannot create snapshot 'q@s': out of space\nno snapshots were created"
    expect(
      await take(
        [['snapshot p/a@s p/b@s'], ['snapshot q@s q/c@s', fails(stderr)]],
        'p/a@s',
        'q@s',
        'p/b@s',
        'q/c@s',
      ),
    ).toEqual(['done', 'no-space', 'done', 'no-space'])
  })

  test('a snapshot that exists already is not the one asked for', async () => {
    const stderr = "cannot create snapshot 'p/b@s': dataset already exists\nno snapshots were created"
    expect(await take([['snapshot p/a@s p/b@s', fails(stderr)]], 'p/a@s', 'p/b@s')).toEqual([
      'exists',
      'exists',
    ])
  })

  test('a filesystem that is missing is the reason of its snapshot, and nothing needs to be looked up', async () => {
    const stderr = "cannot open 'p/b': dataset does not exist"
    expect(await take([['snapshot p/a@s p/b@s', fails(stderr)]], 'p/a@s', 'p/b@s')).toEqual([
      'does-not-exist',
      'does-not-exist',
    ])
  })

  test('the innocent carry the reason and say so', async () => {
    const {run} = scripted([
      ['snapshot p/a@s p/b@s', fails("cannot create snapshot 'p/b@s': dataset is busy")],
    ])
    const [a, b] = await createZfsCliClient(run).snapshot(ctx, ['p/a@s', 'p/b@s'].map(parseSnapshotName))
    expect(a).toMatchObject({
      failure: {message: "not taken, as all of its pool: cannot create snapshot 'p/b@s': dataset is busy"},
    })
    expect(b).toMatchObject({failure: {message: "cannot create snapshot 'p/b@s': dataset is busy"}})
  })

  test('after a failure without words the listing decides', async () => {
    expect(
      await take(
        [
          ['snapshot p/a@s p/b@s', KILLED],
          [versionsOf('p/a', 'p/b'), row('p/a@s', 5) + row('p/b@s', 5)],
        ],
        'p/a@s',
        'p/b@s',
      ),
    ).toEqual(['done', 'done'])
    expect(
      await take(
        [
          ['snapshot p/a@s', KILLED],
          [versionsOf('p/a'), row('p/a@other', 5)],
        ],
        'p/a@s',
      ),
    ).toEqual(['unknown'])
  })

  test('too many for one command line are several transactions, which is told', async () => {
    const names = Array.from({length: 1000}, (_, index) =>
      parseSnapshotName(`p/${'x'.repeat(180)}${index}@s`),
    )
    const sizes: number[] = []
    const client = createZfsCliClient(async (_, {argv}) => {
      sizes.push(argv.length - 1)
      return {exitCode: 0, signal: undefined, stdout: '', stderr: '', stderrCut: false}
    })
    const ctx = testContext()
    await client.snapshot(ctx, names)
    expect(sizes).toEqual([654, 346])
    expect(ctx.told).toEqual([
      {
        level: 'info',
        message: 'too many snapshots for one transaction',
        fields: {pool: 'p', transactions: 2, snapshots: 1000},
      },
    ])
  })
})

const hold = (snapshot: string, tag = 'tag'): Hold => ({
  snapshot: parseSnapshotName(snapshot),
  tag: parseHoldTag(tag),
})
const holdsOf = (...names: readonly string[]) => listHoldsCommand(names.map(parseSnapshotName))

describe('hold', () => {
  const set = (steps: readonly Step[], ...holds: readonly Hold[]) =>
    outcomes(steps, (client) => client.hold(ctx, holds))

  test('one command for each tag', async () => {
    expect(
      await set([['hold tag p@a q@c'], ['hold other p@b']], hold('p@a'), hold('p@b', 'other'), hold('q@c')),
    ).toEqual(['done', 'done', 'done'])
  })

  test('after a failure the holds that are there count, and the words only tell why', async () => {
    const stderr = [
      "cannot hold snapshot 'p@a': tag already exists on this dataset",
      "cannot hold snapshot 'p@gone': dataset does not exist",
      "cannot hold snapshot 'p@odd': tag already exists on this dataset",
    ].join('\n')
    const steps: readonly Step[] = [
      ['hold tag p@a p@b p@gone p@odd', fails(stderr)],
      [
        holdsOf('p@a', 'p@b', 'p@gone', 'p@odd'),
        fails(
          "cannot open 'p@gone': dataset does not exist",
          'p@a\ttag\tnow\np@b\ttag\tnow\np@odd\tother\tnow\n',
        ),
      ],
    ]
    expect(await set(steps, hold('p@a'), hold('p@b'), hold('p@gone'), hold('p@odd'))).toEqual([
      'done',
      'done',
      'does-not-exist',
      'exists',
    ])
  })

  test('a filesystem that is missing is the reason of its snapshots', async () => {
    const stderr =
      "cannot hold snapshot 'p@a': tag already exists on this dataset\ncannot open 'q': dataset does not exist"
    const steps: readonly Step[] = [
      ['hold tag p@a q@b', fails(stderr)],
      [holdsOf('p@a', 'q@b'), fails("cannot open 'q@b': dataset does not exist", 'p@a\ttag\tnow\n')],
    ]
    const {run} = scripted(steps)
    const [a, b] = await createZfsCliClient(run).hold(ctx, [hold('p@a'), hold('q@b')])
    expect(a).toEqual({kind: 'done'})
    expect(b).toMatchObject({
      failure: {kind: 'does-not-exist', message: "cannot open 'q': dataset does not exist"},
    })
  })

  test('without an answer nothing is held', async () => {
    expect(
      await set(
        [
          ['hold tag p@a', KILLED],
          [holdsOf('p@a'), fails('odd')],
        ],
        hold('p@a'),
      ),
    ).toEqual(['unknown'])
  })

  test('a stop while asking passes through', async () => {
    const {run} = scripted([
      ['hold tag p@a', fails('odd')],
      [holdsOf('p@a'), STOPPED],
    ])
    await expect(createZfsCliClient(run).hold(ctx, [hold('p@a')])).rejects.toBe(STOPPED)
  })

  test('the deadline grows with the number of snapshots', async () => {
    const {run, calls} = scripted([['hold tag p@a p@b']])
    await createZfsCliClient(run).hold(ctx, [hold('p@a'), hold('p@b')])
    expect(calls[0]?.deadlineMs).toBe(130_000)
  })
})

describe('release', () => {
  const drop = (steps: readonly Step[], ...holds: readonly Hold[]) =>
    outcomes(steps, (client) => client.release(ctx, holds))

  test('what is not held is released: without the tag, and with the snapshot gone', async () => {
    const stderr = [
      "cannot release hold from snapshot 'p@a': no such tag on this dataset",
      "cannot release hold from snapshot 'p@gone': dataset does not exist",
      "cannot release hold from snapshot 'p@kept': dataset is busy",
    ].join('\n')
    const steps: readonly Step[] = [
      ['release tag p@a p@b p@gone p@kept', fails(stderr)],
      [
        holdsOf('p@a', 'p@b', 'p@gone', 'p@kept'),
        fails("cannot open 'p@gone': dataset does not exist", 'p@b\tother\tnow\np@kept\ttag\tnow\n'),
      ],
    ]
    expect(await drop(steps, hold('p@a'), hold('p@b'), hold('p@gone'), hold('p@kept'))).toEqual([
      'done',
      'done',
      'done',
      'busy',
    ])
  })

  test('without an answer nothing is released', async () => {
    expect(
      await drop(
        [
          ['release tag p@a', fails('odd')],
          [holdsOf('p@a'), fails('odd')],
        ],
        hold('p@a'),
      ),
    ).toEqual(['unknown'])
  })
})

const snapshot = (name: string, createtxg = 1): Snapshot => ({
  kind: 'snapshot',
  filesystem: parseDatasetName(name.slice(0, name.indexOf('@'))),
  name: name.slice(name.indexOf('@') + 1),
  guid: parseGuid(`9${createtxg}`),
  createtxg: BigInt(createtxg) as Createtxg,
  creation: 0,
  userrefs: 0,
})

describe('bookmark', () => {
  const create = (steps: readonly Step[], ...wanted: readonly NewBookmark[]) =>
    outcomes(steps, (client) => client.bookmark(ctx, wanted))
  const wanted = (source: Snapshot, name: string): NewBookmark => ({
    source,
    bookmark: parseBookmarkName(`${source.filesystem}#${name}`),
  })

  test('one command each; what exists counts when its guid is the one wanted, by one listing', async () => {
    const exists = (name: string) => fails(`cannot create bookmark '${name}': bookmark exists`)
    const steps: readonly Step[] = [
      ['bookmark p/a@1 p/a#same', exists('p/a#same')],
      ['bookmark p/b@2 p/b#new'],
      ['bookmark p/a@3 p/a#other', exists('p/a#other')],
      ['bookmark p/c@4 p/c#gone', fails("cannot open 'p/c@4': dataset does not exist")],
      [
        listVersionsCommand({roots: ['p/a', 'p/c'].map(parseDatasetName), recursive: false}),
        row('p/a#same', 1) + row('p/a@other', 3) + row('p/a#other', 7),
      ],
    ]
    const asked = [
      wanted(snapshot('p/a@1', 1), 'same'),
      wanted(snapshot('p/b@2', 2), 'new'),
      wanted(snapshot('p/a@3', 3), 'other'),
      wanted(snapshot('p/c@4', 4), 'gone'),
    ]
    expect(await create(steps, ...asked)).toEqual(['done', 'done', 'exists', 'does-not-exist'])
  })

  test('destroying: what is not there is gone, whatever was said', async () => {
    const names = ['p/a#1', 'p/a#2', 'p/b#3'].map(parseBookmarkName)
    const steps: readonly Step[] = [
      ['destroy p/a#1', fails("bookmark 'p/a#1' does not exist.")],
      ['destroy p/a#2', fails("bookmark 'p/a#2' does not exist.")],
      ['destroy p/b#3'],
      [listVersionsCommand({roots: [parseDatasetName('p/a')], recursive: false}), row('p/a#2', 2)],
    ]
    expect(await outcomes(steps, (client) => client.destroyBookmarks(ctx, names))).toEqual([
      'done',
      'does-not-exist',
      'done',
    ])
  })
})

describe('datasets', () => {
  const name = parseDatasetName('p/a')
  const one = {roots: [name], recursive: false}
  const look = (stdout: string): readonly Step[] => [
    [listDatasetsCommand(one), stdout],
    [listVersionsCommand(one), ''],
  ]
  const gone: readonly Step[] = [
    [listDatasetsCommand(one), fails("cannot open 'p/a': dataset does not exist")],
    [listVersionsCommand(one), fails("cannot open 'p/a': dataset does not exist")],
  ]
  const CREATE = 'create -o zrepl:placeholder=on -o mountpoint=none p/a'

  test.each<[string, readonly Step[], string]>([
    ['is created', [[CREATE]], 'done'],
    [
      'is there already',
      [
        [CREATE, fails("cannot create 'p/a': dataset already exists")],
        ...look(dataset('p/a', {placeholder: 'on'})),
      ],
      'done',
    ],
    [
      'is there as something else',
      [[CREATE, fails("cannot create 'p/a': dataset already exists")], ...look(dataset('p/a'))],
      'done',
    ],
    ['cannot be created', [[CREATE, fails("cannot create 'p/a': permission denied")], ...gone], 'permission'],
  ])('a placeholder %s', async (_, steps, expected) => {
    expect(
      await outcomes(steps, async (client) => [await client.createPlaceholder(ctx, name, 'inherit')]),
    ).toEqual([expected])
  })

  test.each<[string, readonly Step[], string]>([
    ['is set', [['set zrepl:placeholder=off p/a']], 'done'],
    ['is as wished', [['set zrepl:placeholder=off p/a', fails('odd')], ...look(dataset('p/a'))], 'done'],
    [
      'is not',
      [['set zrepl:placeholder=off p/a', fails('odd')], ...look(dataset('p/a', {placeholder: 'on'}))],
      'unknown',
    ],
    ['has gone with its dataset', [['set zrepl:placeholder=off p/a', fails('odd')], ...gone], 'unknown'],
  ])('the property %s', async (_, steps, expected) => {
    expect(await outcomes(steps, async (client) => [await client.setPlaceholder(ctx, name, 'off')])).toEqual([
      expected,
    ])
  })

  const SET = 'set keylocation=prompt p/a'
  const GET = 'get -Hp -o name,property,value keylocation p/a'

  test.each<[string, readonly Step[], string]>([
    ['is set', [[SET]], 'done'],
    [
      'is as wished',
      [
        [SET, fails('odd')],
        [GET, 'p/a\tkeylocation\tprompt\n'],
      ],
      'done',
    ],
    [
      'is another one',
      [
        [SET, fails('odd')],
        [GET, 'p/a\tkeylocation\tfile:///k\n'],
      ],
      'unknown',
    ],
    [
      'cannot be seen',
      [
        [SET, fails('odd')],
        [GET, fails('odd')],
      ],
      'unknown',
    ],
  ])('a key location %s', async (_, steps, expected) => {
    expect(
      await outcomes(steps, async (client) => [await client.setKeyLocation(ctx, name, 'prompt')]),
    ).toEqual([expected])
  })

  test.each<[string, readonly Step[], string]>([
    ['is given up', [['receive -A p/a']], 'done'],
    ['is not there', [['receive -A p/a', fails('odd')], ...look(dataset('p/a'))], 'done'],
    ['has gone with its dataset', [['receive -A p/a', fails('odd')], ...gone], 'done'],
    ['stays', [['receive -A p/a', fails('odd')], ...look(dataset('p/a', {token: '1-a-b-c'}))], 'unknown'],
  ])('a partial receive %s', async (_, steps, expected) => {
    expect(await outcomes(steps, async (client) => [await client.abortReceive(ctx, name)])).toEqual([
      expected,
    ])
  })
})

const FLAGS = {...PLAIN, raw: true}
const ARGS: SendArgs = {
  from: snapshot('p/a@1'),
  to: snapshot('p/a@2', 2),
  flags: FLAGS,
  resumeToken: undefined,
}

const OUT = anyTo(NO_STREAM)
const IN = anyFrom(NO_STREAM)

describe('streams', () => {
  const received: ReceiveArgs = {
    to: parseSnapshotName('p/a@2'),
    replacesPlaceholder: false,
    inherit: [],
    override: new Map(),
  }

  test('a send writes into the given pipe, without a deadline', async () => {
    const {run, calls} = scripted([['send -w -i p/a@1 p/a@2']])
    expect(await createZfsCliClient(run).send(ctx, ARGS, OUT)).toEqual({kind: 'done'})
    expect(calls[0]).toMatchObject({stdin: 'none', stdout: OUT, deadlineMs: undefined, mutates: false})
  })

  test('a receive reads from the given pipe, without a deadline', async () => {
    const {run, calls} = scripted([['receive -s -u p/a@2']])
    expect(await createZfsCliClient(run).receive(ctx, received, IN)).toEqual({kind: 'done'})
    expect(calls[0]).toMatchObject({stdin: IN, stdout: 'text', deadlineMs: undefined, mutates: true})
  })

  test.each([
    [fails("warning: cannot send 'p/a@2': dataset key must be loaded"), 'key-not-loaded', 'must be loaded'],
    [{exitCode: undefined, signal: 'SIGPIPE'}, 'cut', 'zfs was ended by SIGPIPE'],
    [
      {exitCode: undefined, signal: 'SIGABRT', stderr: 'internal error: odd\n'},
      'unknown',
      'zfs was ended by SIGABRT: internal error: odd',
    ],
  ])('a send that ends with %o is an outcome', async (answer, kind, message) => {
    const {run} = scripted([[sendCommand(ARGS), answer]])
    const outcome = await createZfsCliClient(run).send(ctx, ARGS, OUT)
    expect(outcome).toMatchObject({
      kind: 'failed',
      failure: {kind, message: expect.stringContaining(message)},
    })
  })

  test('a receive that fails is an outcome', async () => {
    const {run} = scripted([
      [
        'receive -s -u p/a@2',
        fails(
          'cannot receive incremental stream: destination p/a has been modified\nsince most recent snapshot',
        ),
      ],
    ])
    expect(await createZfsCliClient(run).receive(ctx, received, IN)).toMatchObject({
      kind: 'failed',
      failure: {kind: 'modified'},
    })
  })

  test('an estimate is a number or nothing, never an error', async () => {
    const ask = async (answer: Step[1]) => {
      const {run} = scripted([
        answer === undefined ? [estimateCommand(ARGS)] : [estimateCommand(ARGS), answer],
      ])
      return await createZfsCliClient(run).estimate(ctx, ARGS)
    }
    expect(await ask('incremental\tp/a@1\tp/a@2\t624\nsize\t624\n')).toBe(624n)
    expect(await ask(fails('warning: cannot estimate space'))).toBeUndefined()
    expect(await ask('nonsense\n')).toBeUndefined()
    expect(await ask(new OperationalError('deadline', 'too slow'))).toBeUndefined()
    await expect(ask(STOPPED)).rejects.toBe(STOPPED)
    await expect(ask(new OperationalError('zfs-missing', 'no zfs'))).rejects.toMatchObject({
      code: 'zfs-missing',
    })
  })
})

test('a dry run can look and nothing else', async () => {
  const {run, calls} = scripted([[estimateCommand(ARGS), 'size\t1\n']])
  const client = readOnly(createZfsCliClient(run))
  expect(await client.estimate(ctx, ARGS)).toBe(1n)
  const name = parseDatasetName('p/a')
  const attempts = [
    client.snapshot(ctx, []),
    client.hold(ctx, []),
    client.release(ctx, []),
    client.bookmark(ctx, []),
    client.destroySnapshots(ctx, []),
    client.destroyBookmarks(ctx, []),
    client.createPlaceholder(ctx, name, 'off'),
    client.setPlaceholder(ctx, name, 'off'),
    client.setKeyLocation(ctx, name, 'prompt'),
    client.rename(ctx, name, name),
    client.abortReceive(ctx, name),
    client.send(ctx, ARGS, OUT),
    client.receive(
      ctx,
      {to: parseSnapshotName('p/a@2'), replacesPlaceholder: false, inherit: [], override: new Map()},
      IN,
    ),
  ]
  for (const attempt of await Promise.allSettled(attempts)) {
    expect(attempt).toMatchObject({status: 'rejected', reason: expect.any(Bug)})
  }
  expect(attempts.length + 10).toBe(Object.keys(client).length)
  expect(calls.length).toBe(1)
})
