import {Stopped} from '../../src/lib/core/errors.ts'
import type {LaneConnection} from '../../src/lib/core/lane.ts'
import type {StreamStages} from '../../src/lib/core/stream-stage.ts'
import type {ZfsClient} from '../../src/lib/zfs/client.ts'
import {noting} from '../../src/lib/zfs-client/noting.ts'
import {createZfsCliClient} from '../../src/lib/zfs-client/zfs-cli-client.ts'
import {createZfsLibraryClient} from '../../src/lib/zfs-client/zfs-library-client.ts'
import {type Fault, liesCredibly} from './fault.ts'
import type {Invariants} from './invariants.ts'
import {createTimers, type Timers} from './process/clock.ts'
import {type Cast, createDirector} from './process/director.ts'
import {openLane, type SimulatedLane} from './process/lane.ts'
import {createSimulatedMemory, watchingMemory} from './process/memory.ts'
import type {End} from './process/pipe.ts'
import {createProcess, type Process} from './process/process.ts'
import type {Director} from './process/program.ts'
import {createSimulatedStages} from './process/stream-stages.ts'
import {type Replays, replaying} from './replay.ts'
import {wirePassive} from './wire.ts'
import type {World} from './world.ts'

/** Where a run takes place: its processes, the network between them, and who disturbs them. */
export type Stage = {
  readonly active: Process
  readonly passives: readonly Process[]
  readonly timers: Timers
  readonly director: Director
  /** Starts a passive process and connects it, as ssh would. */
  open(): Promise<LaneConnection>
  /** ZFS as a process reaches it. */
  zfsOf(process: Process): ZfsClient
  /** The programs between ZFS and its connections. */
  stagesOf(process: Process): StreamStages
  /** Writes of the protocol so far. */
  frames(): number
  /** Bytes of streams that the connections have carried. */
  streamed(): number
}

export type StageOptions = {
  readonly dryRun: boolean
  readonly replays?: Replays | undefined
  /** Where several runs take place at once: their common time, and what tells them apart. */
  readonly timers?: Timers
  readonly run?: string
  /** What stops the active process in order. */
  readonly signal?: AbortSignal
  readonly onCommand?: (index: number) => void
}

export function createStage(
  world: World,
  faults: readonly Fault[],
  invariants: Invariants,
  {dryRun, timers: shared, run, signal, onCommand, replays}: StageOptions,
): Stage {
  const {options, nature, sender, receiver} = world
  const [activeHost, passiveHost] = options.direction === 'push' ? [sender, receiver] : [receiver, sender]
  const timers = shared ?? createTimers(nature)
  // One for each run: what listens to it goes with it.
  const stop = signal ?? new AbortController().signal
  const active = createProcess('active', activeHost, timers, {signal: stop, run})
  const passives: Process[] = []
  const lanes: SimulatedLane[] = []
  const descriptors = createDescriptors()
  let frames = 0

  function sever(): void {
    for (const lane of lanes) lane.sever()
  }

  const cast: Cast = {active, passives, timers, sever, endOf: descriptors.endOf}
  const director = createDirector(world, faults, invariants, cast, {
    dryRun,
    onCommand,
    idleMs: shared === undefined ? IDLE_MS : undefined,
  })

  function onWrite(): () => void {
    const index = frames
    frames += 1
    const cut = (when: 'before' | 'after') =>
      faults.some((fault) => fault.kind === 'frame' && fault.at === index && fault.when === when)
    if (cut('before')) sever()
    return () => {
      if (cut('after')) sever()
    }
  }

  function zfsOf(process: Process): ZfsClient {
    const memory = options.remembers ? createSimulatedMemory(world, process) : undefined
    const cli = createZfsCliClient(director.programOf(process), memory)
    const zfs = options.access === 'cli' ? cli : createZfsLibraryClient(director.libraryOf(process), cli)
    if (memory === undefined) return zfs
    return watchingMemory(noting(zfs, memory), process, (what) => {
      if (!faults.some(liesCredibly)) invariants.report('memory', director.trace.at(-1), what)
    })
  }

  function stagesOf(process: Process): StreamStages {
    return createSimulatedStages(process, director, {capacity: options.pipeBytes, fdOf: descriptors.fdOf})
  }

  return {
    active,
    zfsOf,
    stagesOf,
    passives,
    timers,
    director,
    frames: () => frames,
    streamed: () => lanes.reduce((sum, lane) => sum + lane.streamed(), 0),
    async open() {
      // A process that has been killed starts nothing, however far its code had come.
      if (!active.alive()) return await new Promise<never>(() => {})
      const hangUp = new AbortController()
      const passive = createProcess(`passive ${passives.length + 1}`, passiveHost, timers, {
        signal: hangUp.signal,
        run,
      })
      passives.push(passive)
      const served = wirePassive(options, {zfs: zfsOf(passive), stages: stagesOf(passive)})
      const lane = openLane({
        active,
        passive,
        served: replays === undefined ? served : replaying(served, replays),
        capacity: options.pipeBytes,
        fdOf: descriptors.fdOf,
        onWrite,
        onBug: (error) => invariants.bug(passive, error),
        onHangUp: () => noticeHangUp(timers, hangUp, options.hangUp),
      })
      lanes.push(lane)
      return lane.connection
    },
  }
}

/** A run by itself has no watchdog, whose limit this is. */
const IDLE_MS = 15 * 60_000

/** The real watch looks four times a second. */
function noticeHangUp(timers: Timers, hangUp: AbortController, when: 'at-once' | 'when-idle'): void {
  const notice = () => hangUp.abort(new Stopped('the client has hung up'))
  if (when === 'at-once') notice()
  else timers.sleep(250, hangUp.signal).then(notice, () => {})
}

/** File descriptors are numbers; here they are drawn from a list of their own. */
function createDescriptors() {
  const ends: End[] = []
  return {
    fdOf(end: End): number {
      const known = ends.indexOf(end)
      return FIRST_FD + (known === -1 ? ends.push(end) - 1 : known)
    },
    endOf(fd: number): End {
      const end = ends[fd - FIRST_FD]
      if (end === undefined) throw new Error(`nothing is open as ${fd}`)
      return end
    },
  }
}

/** Far from what is really open, so that a mistake shows. */
const FIRST_FD = 1_000_000
