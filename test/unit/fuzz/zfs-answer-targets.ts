import {OperationalError} from '../../../src/lib/core/errors.ts'
import type {Outcome, ZfsClient} from '../../../src/lib/zfs/client.ts'
import {
  parseBookmarkName,
  parseDatasetName,
  parseGuid,
  parseHoldTag,
  parseSnapshotName,
} from '../../../src/lib/zfs/name.ts'
import type {ProgramResult} from '../../../src/lib/zfs-client/run-program.ts'
import {createZfsCliClient} from '../../../src/lib/zfs-client/zfs-cli-client.ts'
import {anyFrom, NO_STREAM} from '../../any-stream.ts'
import {deliver} from '../../deliver.ts'
import {testContext} from '../zfs-client/scripted-program.ts'
import type {Target} from './target.ts'

/**
 * What ZFS answers to a change, and to the look that follows where the answer leaves a doubt: JSON of two results of a
 * program. Text that is not JSON is a complaint.
 */
type Answers = {readonly changed: Partial<ProgramResult>; readonly looked: Partial<ProgramResult>}

const SAMPLE = JSON.stringify({
  changed: {exitCode: 1, stderr: 'cannot destroy snapshot tank/a@x: dataset is busy\n'},
  looked: {stdout: 'tank/a@x\t7\t5\t1600000000\t0\t-\n'},
})

const [dataset, snapshot, other] = [
  parseDatasetName('tank/a'),
  parseSnapshotName('tank/a@x'),
  parseSnapshotName('tank/a@y'),
]
const tag = parseHoldTag('zrepl_STEP_J_job')
const guid = parseGuid('7')

type Work = (client: ZfsClient, ctx: ReturnType<typeof testContext>) => Promise<readonly Outcome[]>

const WORKS: Readonly<Record<string, Work>> = {
  'take a snapshot': (client, ctx) => client.snapshot(ctx, [snapshot]),
  'destroy two snapshots': (client, ctx) =>
    client.destroySnapshots(ctx, [
      {name: snapshot, guid},
      {name: other, guid: parseGuid('8')},
    ]),
  'hold a snapshot': (client, ctx) => client.hold(ctx, [{snapshot, tag}]),
  'release a snapshot': (client, ctx) => client.release(ctx, [{snapshot, tag}]),
  'bookmark guid 7': (client, ctx) =>
    client.bookmark(ctx, [
      {
        bookmark: parseBookmarkName('tank/a#b'),
        source: {kind: 'snapshot', filesystem: dataset, name: 'x', guid} as never,
      },
    ]),
  receive: async (client, ctx) => [
    await client.receive(
      ctx,
      {to: snapshot, replacesPlaceholder: false, inherit: [], override: new Map()},
      anyFrom(NO_STREAM),
    ),
  ],
}

/** What comes of the answers of ZFS to each kind of change: outcomes, with the warnings that were logged. */
export const ZFS_ANSWER_TARGETS: readonly Target[] = Object.entries(WORKS).map(([name, work]) => ({
  name,
  samples: [SAMPLE],
  async take(text) {
    const ctx = testContext()
    const outcomes = await work(clientAnswering(answersOf(text)), ctx)
    const warnings = ctx.told.filter(({level}) => level === 'warn').map(({message}) => message)
    return {outcomes, warnings}
  },
  throws: (error) => error instanceof OperationalError && error.code.startsWith('zfs-'),
  refusal(answer) {
    const {outcomes} = answer as {readonly outcomes: readonly Outcome[]}
    const failed = outcomes.flatMap((outcome) => (outcome.kind === 'failed' ? [outcome.failure.message] : []))
    return failed.length === 0 ? undefined : failed.join('; ')
  },
}))

function clientAnswering({changed, looked}: Answers): ZfsClient {
  const silent: ProgramResult = {exitCode: 0, signal: undefined, stdout: '', stderr: '', stderrCut: false}
  return createZfsCliClient(async (_, call) =>
    deliver(call, {...silent, ...(call.mutates ? changed : looked)}),
  )
}

function answersOf(text: string): Answers {
  try {
    const {changed, looked} = JSON.parse(text)
    return {changed: resultOf(changed), looked: resultOf(looked)}
  } catch {
    return {changed: {exitCode: 1, stderr: text}, looked: {}}
  }
}

/** Programs cannot end with anything else than a status or a signal, and what they print is bytes. */
function resultOf(wire: unknown): Partial<ProgramResult> {
  const {exitCode, signal, stdout, stderr} = (wire ?? {}) as Record<string, unknown>
  return {
    ...(typeof exitCode === 'number' ? {exitCode} : {}),
    ...(typeof signal === 'string' ? {exitCode: undefined, signal} : {}),
    ...(typeof stdout === 'string' ? {stdout: latin1(stdout)} : {}),
    ...(typeof stderr === 'string' ? {stderr: latin1(stderr)} : {}),
  }
}

function latin1(text: string): string {
  return Buffer.from(text, 'latin1').toString('latin1')
}
