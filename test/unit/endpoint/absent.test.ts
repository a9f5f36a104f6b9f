import {expect, test} from 'vitest'
import {parseJobId} from '../../../src/lib/abstraction/job-id.ts'
import type {StreamStages} from '../../../src/lib/core/stream-stage.ts'
import {NO_FLOOR} from '../../../src/lib/endpoint/floor.ts'
import {createLocalSender} from '../../../src/lib/endpoint/local-sender.ts'
import {parseFilter} from '../../../src/lib/scope/filter.ts'
import {parseDatasetName} from '../../../src/lib/zfs/name.ts'
import type {RunProgram} from '../../../src/lib/zfs-client/run-program.ts'
import {createZfsCliClient} from '../../../src/lib/zfs-client/zfs-cli-client.ts'
import {deliver} from '../../deliver.ts'
import {createMachine} from '../../sim/machine/state.ts'
import type {Host} from '../../sim/pool.ts'
import {runCommand} from '../../sim/zfs.ts'
import {testContext} from '../zfs-client/scripted-program.ts'

const ctx = testContext()
const NO_STAGES: StreamStages = {
  compressions: () => [],
  compress: () => expect.fail('not asked for'),
  decompress: () => expect.fail('not asked for'),
}
const NO_SEND = {
  encrypted: false,
  raw: false,
  sendProperties: false,
  backupProperties: false,
  largeBlocks: false,
  compressed: false,
  embeddedData: false,
  saved: false,
}

/** A sender of `tank/data` and what is below it but for `tank/data/a b`, asked to confirm these; and what ZFS was asked then. */
async function confirmed(
  servesPeer: boolean,
  names: readonly string[],
  meanwhile: (host: Host, words: string) => void = () => {},
) {
  const host = createMachine('2.3.2')
  const asked: string[] = []
  const run: RunProgram = async (_, call) => {
    asked.push(call.argv.slice(call.argv.findIndex((word) => /^(tank|vault|elsewhere)/.test(word))).join(' '))
    meanwhile(host, asked.at(-1) ?? '')
    const said = {signal: undefined, stderr: '', stderrCut: false}
    return deliver(call, {...said, ...runCommand(host, call.argv)})
  }
  const sender = createLocalSender(createZfsCliClient(run), {
    jobId: parseJobId('push'),
    filter: parseFilter(
      new Map([
        ['tank/data<', true],
        ['tank/data/a b', false],
      ]),
    ),
    servesPeer,
    send: NO_SEND,
    floor: NO_FLOOR,
    pace: undefined,
    stages: NO_STAGES,
  })
  await sender.observe(ctx)
  asked.length = 0
  const {absent} = await sender.observe(ctx, names.map(parseDatasetName))
  return {absent, asked}
}

test.each<[string, readonly string[], readonly string[] | undefined, readonly string[]]>([
  ['nothing for no names', [], undefined, []],
  ['nothing for what is shown', ['tank/data', 'tank/data/vol'], undefined, []],
  ['what does not exist', ['tank/data/x'], ['tank/data/x'], ['tank tank/data/x', 'tank']],
  [
    'nothing for what exists beside the filter',
    ['tank/data/a b', 'tank/other'],
    undefined,
    ['tank tank/data/a b tank/other'],
  ],
  [
    'what does not exist beside the filter',
    ['tank/x', 'tank/other'],
    ['tank/x'],
    ['tank tank/x tank/other', 'tank'],
  ],
  ['nothing for a pool that is away', ['elsewhere/x', 'elsewhere'], undefined, ['elsewhere elsewhere/x']],
  [
    'of several pools',
    ['vault/x', 'elsewhere/x', 'tank/x'],
    ['vault/x', 'tank/x'],
    ['vault elsewhere tank vault/x elsewhere/x tank/x', 'vault tank'],
  ],
])(
  'a sender that is asked by its own host says %s, with one command, and its pools once more',
  async (_, names, absent, asked) => {
    expect(await confirmed(false, names)).toEqual({absent, asked})
  },
)

test.each<[string, readonly string[], readonly string[] | undefined, readonly string[]]>([
  ['what does not exist', ['tank/data/x'], ['tank/data/x'], ['tank tank/data/x', 'tank']],
  [
    'nothing for what it would not show, there or not',
    ['tank/data/a b', 'tank/other', 'tank/x', 'vault/x'],
    undefined,
    [],
  ],
])('a sender that is asked by another host says %s', async (_, names, absent, asked) => {
  expect(await confirmed(true, names)).toEqual({absent, asked})
})

test('what a pool has that is exported between two looks is not gone', async () => {
  const {absent, asked} = await confirmed(false, ['tank/other'], (host, words) => {
    if (words === 'tank tank/other') host.pools.get('tank')?.datasets.delete('tank/other')
    if (words === 'tank') host.pools.delete('tank')
  })
  expect({absent, asked}).toEqual({absent: undefined, asked: ['tank tank/other', 'tank']})
})
