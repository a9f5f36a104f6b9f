import {outgoingOf} from '../../../src/lib/zfs-client/run-program.ts'
import type {CommandFault, Fault} from '../fault.ts'
import {actForeign} from '../foreign.ts'
import type {Invariants} from '../invariants.ts'
import {below, createRandom} from '../random.ts'
import type {World} from '../world.ts'
import type {Timers} from './clock.ts'
import type {Entry} from './entry.ts'
import {createSimulatedStreams} from './library-streams.ts'
import type {End} from './pipe.ts'
import type {Process} from './process.ts'
import {createSimulatedCalls, createSimulatedProgram, type Director} from './program.ts'

const NEVER = new AbortController().signal

/** Who is there to be disturbed. */
export type Cast = {
  readonly active: Process
  readonly passives: readonly Process[]
  readonly timers: Timers
  readonly sever: () => void
  readonly endOf: (fd: number) => End
}

export type DirectorOptions = {
  readonly dryRun: boolean
  /** Called before each command, with how many there were. */
  readonly onCommand?: ((index: number) => void) | undefined
  /** When a stream that stands still is stopped, where nothing of the program does. */
  readonly idleMs?: number | undefined
}

/** Watches every command with the invariants, and lets the faults happen where they belong. */
export function createDirector(
  world: World,
  faults: readonly Fault[],
  invariants: Invariants,
  {active, passives, timers, sever, endOf}: Cast,
  {dryRun, onCommand = () => {}, idleMs}: DirectorOptions,
): Director {
  const {options, sender, receiver} = world
  const atCommands = faults.filter((fault): fault is CommandFault => fault.kind !== 'frame')
  const counts = new Map<string, number>()
  const trace: Entry[] = []
  // A stream of its own: how commands take turns must not depend on what they make.
  const turns = createRandom(options.seed)

  function othersOf(process: Process): readonly Process[] {
    return (process === active ? passives : [active]).filter((other) => other.alive())
  }

  function kill(entry: Entry, when: 'before' | 'after'): void {
    for (const fault of entry.faults) {
      if (fault.kind !== 'kill' || fault.when !== when) continue
      const others = fault.whom === 'owner' ? [] : othersOf(entry.process)
      const own = fault.whom === 'peers' ? [] : [entry.process]
      for (const victim of [...own, ...others]) victim.kill()
    }
  }

  function letOthersAct({faults}: Entry): void {
    for (const fault of faults) {
      if (fault.kind !== 'foreign') continue
      actForeign(fault.host === sender.name ? sender : receiver, fault.argv)
      invariants.accept()
    }
  }

  const director: Director = {
    trace,
    begin(process, {argv, mutates, stdin, stdout, libraryCall}) {
      const [verb = ''] = argv
      const index = trace.length
      const nth = counts.get(verb) ?? 0
      counts.set(verb, nth + 1)
      const entry: Entry = {
        index,
        process,
        argv,
        mutates,
        stream: stdin !== 'none' && 'source' in stdin ? 'in' : outgoingOf({stdout}) ? 'out' : undefined,
        faults: atCommands.filter(({at}) => at === index || at === `${verb}:${nth}`),
        peers: othersOf(process).length,
        libraryCall,
        isOver: false,
      }
      trace.push(entry)
      onCommand(index)
      if (dryRun && mutates) invariants.report('I15', entry, 'a dry run changes something')
      return entry
    },
    before(entry) {
      letOthersAct(entry)
      kill(entry, 'before')
      if (entry.process.alive()) invariants.before(entry)
    },
    after(entry, result) {
      invariants.after(entry, result)
      kill(entry, 'after')
    },
    pause: () => (options.jitter === 0 ? AT_ONCE : waitTurns(below(turns, options.jitter + 1))),
    wait: (ms) => timers.sleep(ms, NEVER),
    idleMs,
    endOf,
    sever,
    programOf: (process) => createSimulatedProgram(process, director),
    libraryOf(process) {
      let calls = 0
      const nextCall = () => {
        calls += 1
        return calls
      }
      return {
        call: createSimulatedCalls(process, director, nextCall),
        ...createSimulatedStreams(process, director, nextCall),
      }
    },
  }
  return director
}

const AT_ONCE = Promise.resolve()

async function waitTurns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await AT_ONCE
}
