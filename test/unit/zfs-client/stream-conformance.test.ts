import {expect, test} from 'vitest'
import {createZfsCliClient} from '../../../src/lib/zfs-client/zfs-cli-client.ts'
import {createZfsLibraryClient} from '../../../src/lib/zfs-client/zfs-library-client.ts'
import {STREAM_CASES, type StreamStage} from '../../client-conformance/stream-cases.ts'
import {createInvariants} from '../../sim/invariants.ts'
import {mustFindDataset, writeBlock} from '../../sim/pool.ts'
import {createTimers} from '../../sim/process/clock.ts'
import {createDirector} from '../../sim/process/director.ts'
import {byteReader, byteWriter, createPipe, type End} from '../../sim/process/pipe.ts'
import {createProcess} from '../../sim/process/process.ts'
import {createWorld} from '../../sim/world.ts'
import {runCommand} from '../../sim/zfs.ts'
import {changingLibrary} from './changing-library.ts'

type Access = 'cli' | 'library' | 'library without streams'

/** A process on a host of the simulator, which nobody disturbs. */
function stage(access: Access): StreamStage & {readonly started: readonly string[]} {
  const world = createWorld()
  const timers = createTimers(world.nature)
  const {signal} = new AbortController()
  const process = createProcess('one', world.sender, timers, {signal})
  const ends: End[] = []
  const fdOf = (end: End) => 1000 + (ends.includes(end) ? ends.indexOf(end) : ends.push(end) - 1)
  const endOf = (fd: number) => ends[fd - 1000] as End
  const cast = {active: process, passives: [], sever: () => {}, endOf, timers}
  const director = createDirector(world, [], createInvariants(world), cast, {dryRun: false})
  const cli = createZfsCliClient(director.programOf(process))
  const {call, ...streams} = director.libraryOf(process)
  const library = access === 'library' ? {call, ...streams} : changingLibrary(call)
  const zfs = (...words: readonly string[]) => {
    const {exitCode, stderr} = runCommand(world.sender, words)
    if (exitCode !== 0) throw new Error(stderr)
  }
  zfs('create', 'tank/conformance')
  return {
    client: access === 'cli' ? cli : createZfsLibraryClient(library, cli),
    root: 'tank/conformance',
    ctx: process.ctx,
    zfs,
    write(dataset) {
      for (const block of [0, 1, 2, 3])
        writeBlock(world.sender, mustFindDataset(world.sender, dataset), block)
    },
    pipe() {
      const {reader, writer} = createPipe(65_536)
      return {reader: byteReader(reader, fdOf), writer: byteWriter(writer, fdOf, () => () => {})}
    },
    get started() {
      return director.trace.flatMap(({argv, libraryCall}) =>
        libraryCall === undefined ? [argv[0] ?? ''] : [],
      )
    },
  }
}

test.each(
  STREAM_CASES.flatMap((one) =>
    (['cli', 'library', 'library without streams'] as const).map((access) => ({...one, access})),
  ),
)('$access, $name', async ({access, run, expected}) => {
  expect(await run(stage(access))).toEqual(expected)
})

test('the library starts no program for a stream', async () => {
  const on = stage('library')
  await STREAM_CASES[0]?.run(on)
  expect(on.started.filter((verb) => verb === 'send' || verb === 'receive')).toEqual([])
})
