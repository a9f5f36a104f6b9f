import {describe, expect, test} from 'vitest'
import {OperationalError} from '../../../src/lib/core/errors.ts'
import {
  listDatasetsCommand,
  listHoldsCommand,
  listReceivedCommand,
  listVersionsCommand,
  listWrittenCommand,
} from '../../../src/lib/zfs/argv.ts'
import type {ListQuery} from '../../../src/lib/zfs/client.ts'
import {type DatasetName, parseDatasetName, parseSnapshotName} from '../../../src/lib/zfs/name.ts'
import type {ProgramCall, ProgramResult} from '../../../src/lib/zfs-client/run-program.ts'
import {createZfsCliClient} from '../../../src/lib/zfs-client/zfs-cli-client.ts'
import {deliver} from '../../deliver.ts'
import {dataset, fails, row, STOPPED, type Step, scripted, testContext} from './scripted-program.ts'

const query = (...roots: readonly string[]): ListQuery => ({
  roots: roots.map(parseDatasetName),
  recursive: true,
})

function clientOf(steps: readonly Step[]) {
  const program = scripted(steps)
  return {client: createZfsCliClient(program.run), ...program}
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  const error = await work.catch((error: unknown) => error)
  return error instanceof OperationalError ? error.code : String(error)
}

describe('list', () => {
  test('two commands that only look, with a deadline', async () => {
    const {client, calls, done} = clientOf([
      [listDatasetsCommand(query('p/a')), dataset('p/a') + dataset('p/a/b', {placeholder: 'on'})],
      [listVersionsCommand(query('p/a')), row('p/a@1', 1) + row('p/a#1', 1) + row('p/a/b@2', 2)],
    ])
    const {datasets, versions, missingRoots} = await client.list(testContext(), query('p/a'))
    done()
    expect(datasets.map(({name, placeholder}) => [name, placeholder])).toEqual([
      ['p/a', false],
      ['p/a/b', true],
    ])
    expect(Array.from(versions, ([name, list]) => [name, list.map((version) => version.kind)])).toEqual([
      ['p/a', ['bookmark', 'snapshot']],
      ['p/a/b', ['snapshot']],
    ])
    expect(missingRoots).toEqual([])
    for (const {program, mutates, stdin, deadlineMs} of calls) {
      expect({program, mutates, stdin, deadlineMs}).toEqual({
        program: 'zfs',
        mutates: false,
        stdin: 'none',
        deadlineMs: 600_000,
      })
    }
  })

  test('roots that do not exist are named, the others are listed', async () => {
    const stderr = "cannot open 'p/gone': dataset does not exist"
    const {client} = clientOf([
      [listDatasetsCommand(query('p/a', 'p/gone')), fails(stderr, dataset('p/a'))],
      [listVersionsCommand(query('p/a', 'p/gone')), fails(stderr, row('p/a@1', 1))],
    ])
    const listing = await client.list(testContext(), query('p/a', 'p/gone'))
    expect(listing.missingRoots).toEqual([parseDatasetName('p/gone')])
    expect(listing.datasets.length).toBe(1)
    expect(listing.versions.size).toBe(1)
  })

  test('an exit status that means anything else is an error, whatever was printed', async () => {
    for (const [stderr, code] of [
      ["cannot open 'p/other': dataset does not exist", 'zfs-failed'],
      ['internal error: odd', 'zfs-failed'],
      ['', 'zfs-failed'],
      ['Permission denied the ZFS utilities must be run as root.', 'not-permitted'],
    ] as const) {
      const {client} = clientOf([
        [listDatasetsCommand(query('p/a')), dataset('p/a')],
        [listVersionsCommand(query('p/a')), fails(stderr, row('p/a@1', 1))],
      ])
      expect(await codeOf(client.list(testContext(), query('p/a')))).toBe(code)
    }
  })

  test('death by a signal is an error even when the words would explain it', async () => {
    const killed = {
      ...fails("cannot open 'p/a': dataset does not exist"),
      exitCode: undefined,
      signal: 'SIGABRT',
    }
    const {client} = clientOf([
      [listDatasetsCommand(query('p/a')), killed],
      [listVersionsCommand(query('p/a')), killed],
    ])
    await expect(client.list(testContext(), query('p/a'))).rejects.toThrow(
      'zfs get: zfs was ended by SIGABRT',
    )
  })

  test('output that is not understood is an error', async () => {
    const {client} = clientOf([
      [listDatasetsCommand(query('p/a')), dataset('p/a')],
      [listVersionsCommand(query('p/a')), 'p/a@1 not tabs\n'],
    ])
    expect(await codeOf(client.list(testContext(), query('p/a')))).toBe('zfs-output')
  })

  test('silence about a dataset that was asked for is an error', async () => {
    const {client} = clientOf([
      [listDatasetsCommand(query('p/a')), ''],
      [listVersionsCommand(query('p/a')), ''],
    ])
    expect(await codeOf(client.list(testContext(), query('p/a')))).toBe('zfs-output')
  })

  test('what comes or goes between the two commands is looked at again, once', async () => {
    const gone = fails("cannot open 'p/a': dataset does not exist")
    const torn: readonly Step[] = [
      [listDatasetsCommand(query('p/a')), dataset('p/a')],
      [listVersionsCommand(query('p/a')), gone],
    ]
    const whole: readonly Step[] = [
      [listDatasetsCommand(query('p/a')), gone],
      [listVersionsCommand(query('p/a')), gone],
    ]
    const {client} = clientOf([...torn, ...whole])
    expect((await client.list(testContext(), query('p/a'))).missingRoots).toEqual([parseDatasetName('p/a')])
    const twice = clientOf([...torn, ...torn])
    expect(await codeOf(twice.client.list(testContext(), query('p/a')))).toBe('zfs-failed')
    const stray: readonly Step[] = [
      [listDatasetsCommand(query('p/a')), dataset('p/a')],
      [listVersionsCommand(query('p/a')), row('p/a/new@1', 1)],
    ]
    const {client: third} = clientOf([
      ...stray,
      [listDatasetsCommand(query('p/a')), dataset('p/a') + dataset('p/a/new')],
      [listVersionsCommand(query('p/a')), row('p/a/new@1', 1)],
    ])
    expect((await third.list(testContext(), query('p/a'))).datasets.length).toBe(2)
  })

  test('a command that succeeds with a warning is a success with a warning', async () => {
    const {client} = clientOf([
      [listDatasetsCommand(query('p/a')), {stdout: dataset('p/a'), stderr: 'odd\x1b[0m\n'}],
      [listVersionsCommand(query('p/a')), ''],
    ])
    const ctx = testContext()
    await client.list(ctx, query('p/a'))
    expect(ctx.told).toEqual([
      {
        level: 'warn',
        message: 'zfs succeeded with a warning',
        fields: {command: 'get', stderr: 'odd\\x1b[0m'},
      },
    ])
  })

  test('no roots means all pools, in two commands', async () => {
    const {client} = clientOf([
      [listDatasetsCommand(query()), dataset('p') + dataset('q')],
      [listVersionsCommand(query()), row('q@1', 1)],
    ])
    expect((await client.list(testContext(), query())).datasets.length).toBe(2)
  })

  test('a stop passes through', async () => {
    const {client} = clientOf([
      [listDatasetsCommand(query('p/a')), dataset('p/a')],
      [listVersionsCommand(query('p/a')), STOPPED],
    ])
    await expect(client.list(testContext(), query('p/a'))).rejects.toBe(STOPPED)
  })

  test('thousands of roots become several listings, put together without repetition', async () => {
    const roots = Array.from({length: 2000}, (_, index) => parseDatasetName(`p/${'x'.repeat(200)}${index}`))
    const calls: ProgramCall[] = []
    const client = createZfsCliClient(async (_, call): Promise<ProgramResult> => {
      calls.push(call)
      const asked = call.argv.filter((word) => word.startsWith('p/'))
      const stdout =
        call.argv[0] === 'get'
          ? asked.map((name) => dataset(name)).join('')
          : asked.map((name) => row(`${name}@1`, 1)).join('')
      return deliver(call, {exitCode: 0, signal: undefined, stdout, stderr: '', stderrCut: false})
    })
    const listing = await client.list(testContext(), {roots, recursive: true})
    expect(listing.datasets.map(({name}) => name)).toEqual(roots)
    expect(listing.versions.size).toBe(2000)
    expect(calls.length).toBe(2 * Math.ceil(2000 / 512))
    expect(Math.max(...calls.map(({argv}) => argv.join(' ').length))).toBeLessThan(128 * 1024)
  })
})

describe('listVersions', () => {
  const flat = (...roots: readonly string[]) => listVersionsCommand({...query(...roots), recursive: false})

  test('an entry for each that exists, also for one without versions', async () => {
    const missing = fails("cannot open 'p/gone': dataset does not exist", row('p/a@1', 1))
    const {client} = clientOf([[flat('p/a', 'p/empty', 'p/gone'), missing]])
    const names = ['p/a', 'p/empty', 'p/gone'].map(parseDatasetName)
    const versions = await client.listVersions(testContext(), names)
    expect(Array.from(versions, ([name, list]) => [name, list.length])).toEqual([
      ['p/a', 1],
      ['p/empty', 0],
    ])
  })

  test('of nothing is no command', async () => {
    expect((await clientOf([]).client.listVersions(testContext(), [])).size).toBe(0)
  })
})

describe('holds', () => {
  const names = ['p@a', 'p@b'].map(parseSnapshotName)

  test('by snapshot; a vanished one has none', async () => {
    const gone = fails("cannot open 'p@b': dataset does not exist", 'p@a\ttag one\tMon Jan 1\n')
    const {client} = clientOf([[listHoldsCommand(names), gone]])
    expect(Array.from(await client.holds(testContext(), names))).toEqual([['p@a', ['tag one']]])
  })

  test('none of them there is an answer too', async () => {
    const stderr =
      "cannot open 'p@a': dataset does not exist\ncannot open 'p@b': dataset does not exist\nno datasets available"
    const {client} = clientOf([[listHoldsCommand(names), fails(stderr)]])
    expect((await client.holds(testContext(), names)).size).toBe(0)
  })

  test('an answer about something else is an error', async () => {
    const {client} = clientOf([[listHoldsCommand(names), 'p@other\ttag\tnow\n']])
    expect(await codeOf(client.holds(testContext(), names))).toBe('zfs-output')
    const failing = clientOf([
      [listHoldsCommand(names), fails("cannot open 'p@other': dataset does not exist")],
    ])
    expect(await codeOf(failing.client.holds(testContext(), names))).toBe('zfs-failed')
  })

  test('of nothing is no command', async () => {
    expect((await clientOf([]).client.holds(testContext(), [])).size).toBe(0)
  })
})

describe('missing', () => {
  const [a, gone, b] = ['p/a', 'p/gone', 'p/b'].map(parseDatasetName) as [
    DatasetName,
    DatasetName,
    DatasetName,
  ]
  const command = (...roots: readonly DatasetName[]) => listDatasetsCommand({roots, recursive: false})
  const ask = (steps: readonly Step[], ...names: readonly DatasetName[]) =>
    clientOf(steps).client.missing(testContext(), names)

  test('what ZFS says does not exist, in one command, and nothing is asked for nothing', async () => {
    const step = fails("cannot open 'p/gone': dataset does not exist", dataset('p/a') + dataset('p/b'))
    expect(await ask([[command(a, gone, b), step]], a, gone, b)).toEqual([gone])
    expect(await ask([[command(a), dataset('p/a')]], a)).toEqual([])
    expect(await ask([])).toEqual([])
  })

  test.each([
    fails("cannot open 'p/other': dataset does not exist"),
    fails("cannot open 'p/a': I/O error"),
    fails('internal error: odd'),
    fails(''),
  ])('is not concluded from %j', async (step) => {
    expect(await codeOf(ask([[command(a), step]], a))).toBe('zfs-failed')
  })
})

describe('written', () => {
  const [a, gone] = ['p/a', 'p/gone'].map(parseDatasetName) as [DatasetName, DatasetName]
  const ask = (steps: readonly Step[], ...names: readonly DatasetName[]) =>
    clientOf(steps).client.written(testContext(), names)

  test('bytes of each dataset that is there and knows', async () => {
    const step = fails("cannot open 'p/gone': dataset does not exist", 'p/a\t18446744073709551615\n')
    expect(await ask([[listWrittenCommand([a, gone]), step]], a, gone)).toEqual(
      new Map([[a, 18446744073709551615n]]),
    )
    expect(await ask([[listWrittenCommand([a]), 'p/a\t-\n']], a)).toEqual(new Map())
    expect(await ask([])).toEqual(new Map())
  })

  test.each(['p/b\t0\n', 'p/a\t0\np/a\t0\n', 'p/a\t-1\n', 'p/a\t1K\n', 'p/a\n', 'p/a\t0\t\n'])(
    'is not concluded from %j',
    async (stdout) => {
      expect(await codeOf(ask([[listWrittenCommand([a]), stdout]], a))).toBe('zfs-output')
    },
  )
})

describe('received', () => {
  const a = parseDatasetName('p/a')
  const names = ['mountpoint', 'org.example:owner']
  const ask = (steps: readonly Step[], properties = names) =>
    clientOf(steps).client.received(testContext(), a, properties)
  const command = listReceivedCommand(a, names)

  test('the properties whose value has come with a stream, in one command, and none for none', async () => {
    expect(command.argv.join(' ')).toBe(
      'get -Hp -t filesystem,volume -s received -o name,property,source mountpoint,org.example:owner p/a',
    )
    expect(command.mutates).toBe(false)
    expect(await ask([[command, 'p/a\torg.example:owner\treceived\n']])).toEqual(['org.example:owner'])
    expect(await ask([[command, '']])).toEqual([])
    expect(await ask([], [])).toEqual([])
  })

  test.each([
    'p/b\tmountpoint\treceived\n',
    'p/a\tatime\treceived\n',
    'p/a\tmountpoint\tlocal\n',
    'p/a\tmountpoint\treceived\np/a\tmountpoint\treceived\n',
    'p/a\tmountpoint\n',
  ])('are not concluded from %j', async (stdout) => {
    expect(await codeOf(ask([[command, stdout]]))).toBe('zfs-output')
  })
})

describe('the key location', () => {
  const a = parseDatasetName('p/a')
  const command = 'get -Hp -o name,property,value keylocation p/a'
  const ask = (answer: NonNullable<Step[1]>) =>
    clientOf([[command, answer]]).client.keyLocation(testContext(), a)

  test.each([
    ['prompt', 'prompt'],
    ['file:///root/key', 'file:///root/key'],
    ['https://example.org/key', 'https://example.org/key'],
    ['none', undefined],
    ['-', undefined],
  ])('%s', async (value, expected) => {
    expect(await ask(`p/a\tkeylocation\t${value}\n`)).toBe(expected)
  })

  test.each([
    'p/a\tkeylocation\tprompt\np/a\tkeylocation\tnone\n',
    'p/b\tkeylocation\tprompt\n',
    'p/a\tkeyformat\traw\n',
    'p/a\tkeylocation\n',
  ])('is not concluded from %j', async (stdout) => {
    expect(await codeOf(ask(stdout))).toBe('zfs-output')
  })

  test('is not concluded from a failure', async () => {
    expect(await codeOf(ask(fails("cannot open 'p/a': I/O error")))).toBe('zfs-failed')
    expect(await codeOf(ask(fails("cannot open 'p/b': dataset does not exist")))).toBe('zfs-failed')
  })

  test('is none where there is no such dataset', async () => {
    expect(await ask(fails("cannot open 'p/a': dataset does not exist"))).toBe(undefined)
  })
})
