import {expect, test} from 'vitest'
import {parseCreatetxg, parseDatasetName, parseGuid, parseSnapshotName} from '../../../src/lib/zfs/name.ts'
import type {Snapshot} from '../../../src/lib/zfs/version.ts'
import type {LibrarySend} from '../../../src/lib/zfs-client/library.ts'
import {createLibraryStreams} from '../../../src/lib/zfs-client/library-stream.ts'
import {createZfsCliClient} from '../../../src/lib/zfs-client/zfs-cli-client.ts'
import {NO_STREAM} from '../../any-stream.ts'
import {PLAIN} from '../../send-flags.ts'
import {encodeResumeToken} from '../zfs/encode-resume-token.ts'
import {changingLibrary} from './changing-library.ts'
import {scripted, testContext} from './scripted-program.ts'

const SNAPSHOT: Snapshot = {
  kind: 'snapshot',
  filesystem: parseDatasetName('p/a'),
  name: '1',
  guid: parseGuid('1'),
  createtxg: parseCreatetxg('1'),
  creation: 0,
  userrefs: 0,
}

test('of a process that has gone nobody knows how far it came: that is a failure, and not tried by the command', async () => {
  const died = async () => ({kind: 'died' as const})
  const library = {...changingLibrary(async () => undefined), send: died, receive: died}
  const program = scripted([])
  const streams = createLibraryStreams(library, createZfsCliClient(program.run))
  const inspect = () => ({kind: 'admitted' as const})
  const handle = NO_STREAM
  const failure = {kind: 'unknown', message: 'the process that calls libzfs_core has ended'}
  const sent = await streams.send(
    testContext(),
    {to: SNAPSHOT, from: undefined, flags: PLAIN, resumeToken: undefined},
    {sink: handle, inspect: inspect as never, pace: undefined},
  )
  expect(sent).toEqual({kind: 'failed', failure})
  const received = await streams.receive(
    testContext(),
    {to: parseSnapshotName('p/a@1'), replacesPlaceholder: false, inherit: [], override: new Map()},
    {source: handle, inspect: inspect as never, pace: undefined},
  )
  expect(received).toEqual({kind: 'failed', failure})
})

test('a stream that is to be continued goes on where it broke off, as it has begun, whatever is configured by now', async () => {
  const asked: LibrarySend[] = []
  const library = {
    ...changingLibrary(async () => undefined),
    send: async (_: unknown, stream: LibrarySend) => {
      asked.push(stream)
      return {kind: 'ended' as const, errno: 0}
    },
  }
  const streams = createLibraryStreams(library, createZfsCliClient(scripted([]).run))
  const resumeToken = encodeResumeToken({toguid: 1n, toname: 'p/a@1', compressed: true})
  const sent = await streams.send(
    testContext(),
    {to: SNAPSHOT, from: undefined, flags: {...PLAIN, embedded: true}, resumeToken},
    {sink: NO_STREAM, inspect: () => ({kind: 'admitted'}) as never, pace: undefined},
  )
  expect(sent).toEqual({kind: 'done'})
  expect(asked).toEqual([
    {
      to: 'p/a@1',
      from: undefined,
      flags: {raw: false, largeBlocks: false, compressed: true, embedded: false},
      resume: {object: 2n, offset: 0x2c0000n, bytes: 0x2e2e44n},
    },
  ])
})
