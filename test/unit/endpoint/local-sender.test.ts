import {expect, test} from 'vitest'
import {parseJobId} from '../../../src/lib/abstraction/job-id.ts'
import {NO_FLOOR} from '../../../src/lib/endpoint/floor.ts'
import {createLocalSender} from '../../../src/lib/endpoint/local-sender.ts'
import type {SendPolicy} from '../../../src/lib/plan/policy.ts'
import {parseFilter} from '../../../src/lib/scope/filter.ts'
import {createZfsCliClient} from '../../../src/lib/zfs-client/zfs-cli-client.ts'
import {deliver} from '../../deliver.ts'
import {createMachine} from '../../sim/machine/state.ts'
import {runCommand} from '../../sim/zfs.ts'
import {testContext} from '../zfs-client/scripted-program.ts'

const SEND: SendPolicy = {
  encrypted: false,
  raw: false,
  sendProperties: false,
  backupProperties: false,
  largeBlocks: false,
  compressed: false,
  embeddedData: false,
  saved: false,
}

const unexpected = () => {
  throw new Error('nothing is sent here')
}

/** What a sender of the simulator's pools says is missing, and how often it has called `zfs`. */
async function missingOf(filesystems: Readonly<Record<string, boolean>>) {
  const host = createMachine('2.3.2')
  let commands = 0
  const zfs = createZfsCliClient(async (_, call) => {
    commands += 1
    return deliver(call, {signal: undefined, stderrCut: false, ...runCommand(host, call.argv)})
  })
  const sender = createLocalSender(zfs, {
    jobId: parseJobId('offsite'),
    filter: parseFilter(new Map(Object.entries(filesystems))),
    servesPeer: false,
    send: SEND,
    floor: NO_FLOOR,
    pace: undefined,
    stages: {compressions: () => [], compress: unexpected, decompress: unexpected},
  })
  const {missing} = await sender.observe(testContext())
  return {missing, commands}
}

test.each<[Readonly<Record<string, boolean>>, readonly string[]]>([
  [{'tank/data<': true}, []],
  [{'tank/nope<': true}, ['tank/nope']],
  [{tank: true, 'tank/nope': true}, ['tank/nope']],
  [{'tank<': true, 'tank/nope<': true, 'tank/data': false}, ['tank/nope']],
  [{'tank/nope': true, 'tank/*': true}, ['tank/nope']],
  [{'<': true, 'tank/nope': true, 'away/data<': true}, ['away/data', 'tank/nope']],
  [{'tank<': true, 'tank/nope': false}, []],
])('what %j names is looked for: %j', async (filesystems, missing) => {
  expect(await missingOf(filesystems)).toEqual({
    missing,
    commands: (await missingOf({'tank<': true})).commands,
  })
})
