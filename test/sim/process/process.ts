import type {Clock, RunContext} from '../../../src/lib/core/context.ts'
import {createLogs} from '../../../src/lib/trace/log.ts'
import {createRootSpan} from '../../../src/lib/trace/span.ts'
import {throwMisuse} from '../../unit/test-context.ts'
import type {Host} from '../pool.ts'
import {clockOf, type Timers} from './clock.ts'
import type {SimulatedLock} from './lock.ts'
import {closeEnd, type End} from './pipe.ts'

/**
 * A process of the program, active or passive. Everything it does to the world goes through `whileAlive`, so that a
 * killed process neither acts nor notices anything any more: its code simply never continues.
 */
export type Process = {
  readonly label: string
  /** Which run of a job it works for, on either side. */
  readonly run: string
  readonly host: Host
  readonly alive: () => boolean
  readonly ctx: RunContext
  /** Pipe ends it has open. */
  readonly ends: Set<End>
  /** Programs it has started; streams die with it. */
  readonly children: Set<Child>
  /** What the programs that it starts inherit. */
  readonly locks: Set<SimulatedLock>
  /** Names it has seen in listings, with the guid of versions: nothing else may be named in a change (I17). */
  readonly seen: Map<string, string | undefined>
  /** The same as they were when it first saw them. */
  readonly firstSeen: Map<string, string | undefined>
  whileAlive<T>(work: Promise<T>): Promise<T>
  /** Called once, however it ends. */
  onEnd(listener: () => void): void
  /** SIGKILL. */
  kill(): void
  exit(): void
}

/** A program a process has started. `stop` is SIGTERM: what it leaves behind is settled at once. */
export type Child = {stop(): void}

export function createProcess(
  label: string,
  host: Host,
  timers: Timers,
  {signal, run = 'run'}: {readonly signal: AbortSignal; readonly run?: string | undefined},
): Process {
  const ends = new Set<End>()
  const children = new Set<Child>()
  const listeners: (() => void)[] = []
  let alive = true

  function end(): void {
    if (!alive) return
    alive = false
    for (const child of children) child.stop()
    for (const end of ends) closeEnd(end)
    for (const listener of listeners) listener()
  }

  async function whileAlive<T>(work: Promise<T>): Promise<T> {
    try {
      return await work
    } finally {
      if (!alive) await never()
    }
  }

  const clock = clockOf(host, timers)
  return {
    label,
    run,
    host,
    locks: new Set(),
    alive: () => alive,
    ctx: contextOf({...clock, sleep: (ms, signal) => whileAlive(clock.sleep(ms, signal))}, signal),
    ends,
    children,
    seen: new Map(),
    firstSeen: new Map(),
    whileAlive,
    onEnd: (listener) => listeners.push(listener),
    kill: end,
    exit: end,
  }
}

function never(): Promise<never> {
  return new Promise(() => {})
}

/** Spans cost little, and any mistake in their use is one of the program. */
function contextOf(clock: Clock, signal: AbortSignal): RunContext {
  const log = createLogs(clock, 'error', () => {})
  let ids = 0
  const newId = () => {
    ids += 1
    return ids.toString(36)
  }
  return {signal, log, clock, span: createRootSpan({clock, log, newId, onMisuse: throwMisuse}, 'sim')}
}
