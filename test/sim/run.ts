import {OperationalError, Stopped} from '../../src/lib/core/errors.ts'
import type {ExitStatus} from '../../src/lib/core/exit-code.ts'
import {PHASES, type Phase} from '../../src/lib/replicate/phase.ts'
import {type JobOutcome, runJob} from '../../src/lib/replicate/run-job.ts'
import {statusOf} from '../../src/lib/report/exit-status.ts'
import {readOnly} from '../../src/lib/zfs-client/read-only.ts'
import {createZfsCliClient} from '../../src/lib/zfs-client/zfs-cli-client.ts'
import type {CommandFault, Fault} from './fault.ts'
import {actForeign} from './foreign.ts'
import {createInvariants, type Violation} from './invariants.ts'
import {createTimers, type Timers} from './process/clock.ts'
import type {Entry} from './process/entry.ts'
import {openLane, type SimulatedLane} from './process/lane.ts'
import type {End} from './process/pipe.ts'
import {createProcess, type Process} from './process/process.ts'
import {createSimulatedProgram, type Director} from './process/program.ts'
import {below, createRandom} from './random.ts'
import {wireActive, wirePassive} from './wire.ts'
import type {World} from './world.ts'

export type RunRequest = {
  readonly faults?: readonly Fault[]
  readonly phases?: readonly Phase[]
  readonly dryRun?: boolean
}

/** How a run ended, and everything that happened in it. */
export type Run = {
  readonly end:
    | {readonly kind: 'done'; readonly outcome: JobOutcome; readonly status: ExitStatus}
    | {readonly kind: 'killed'}
    | {readonly kind: 'failed'; readonly error: unknown}
  readonly trace: readonly Entry[]
  /** Writes of the protocol, of both sides. */
  readonly frames: number
  readonly violations: readonly Violation[]
}

/**
 * One run of the real program in `world`, from its start to the end of its last process. Nothing in it takes real time
 * or chance: all code runs in microtasks, and virtual time passes when there are none left.
 */
export async function run(world: World, request: RunRequest = {}): Promise<Run> {
  const {options, sender, receiver} = world
  const [activeHost, passiveHost] = options.direction === 'push' ? [sender, receiver] : [receiver, sender]
  const timers = createTimers(world.nature)
  const active = createProcess('active', activeHost, timers, NEVER)
  const passives: Process[] = []
  const lanes: SimulatedLane[] = []
  const descriptors = createDescriptors()
  const invariants = createInvariants(world)
  const trace: Entry[] = []
  const jitter = createRandom(options.seed)
  let frames = 0

  const director: Director = {
    begin(process, {argv, mutates, stdin, stdout}) {
      const index = trace.length
      const stream = stdin !== 'none' ? 'in' : stdout !== 'text' ? 'out' : undefined
      const faults = commandFaults(request).filter(({at}) => at === index)
      const peers = othersOf(process).length
      const entry: Entry = {index, process, argv, mutates, stream, faults, peers}
      trace.push(entry)
      if (request.dryRun && mutates) invariants.report('I15', entry, 'a dry run changes something')
      return entry
    },
    before(entry) {
      for (const fault of entry.faults) {
        if (fault.kind !== 'foreign') continue
        actForeign(fault.host === sender.name ? sender : receiver, fault.argv)
        invariants.accept()
      }
      interfere(entry, 'before')
      if (entry.process.alive()) invariants.before(entry)
    },
    after(entry, result) {
      invariants.after(entry, result)
      interfere(entry, 'after')
    },
    async pause() {
      for (let turns = options.jitter === 0 ? 0 : below(jitter, options.jitter); turns > 0; turns -= 1)
        await Promise.resolve()
    },
    endOf: descriptors.endOf,
    sever: () => {
      for (const lane of lanes) lane.sever()
    },
  }

  function othersOf(process: Process): readonly Process[] {
    const others = process === active ? passives : [active]
    return others.filter((other) => other.alive())
  }

  function interfere(entry: Entry, when: 'before' | 'after'): void {
    for (const fault of entry.faults) {
      if (fault.kind !== 'kill' || fault.when !== when) continue
      const victims = fault.whom === 'owner' ? [entry.process] : othersOf(entry.process)
      for (const victim of victims) victim.kill()
    }
  }

  function onWrite(): () => void {
    const index = frames
    frames += 1
    const faults = (request.faults ?? []).filter((fault) => fault.kind === 'frame' && fault.at === index)
    if (faults.some((fault) => fault.kind === 'frame' && fault.when === 'before')) director.sever()
    return () => {
      if (faults.some((fault) => fault.kind === 'frame' && fault.when === 'after')) director.sever()
    }
  }

  async function open() {
    const hangUp = new AbortController()
    const passive = createProcess(`passive ${passives.length + 1}`, passiveHost, timers, hangUp.signal)
    passives.push(passive)
    const zfs = createZfsCliClient(createSimulatedProgram(passive, director))
    const lane = openLane({
      active,
      passive,
      served: wirePassive(options, zfs),
      capacity: options.pipeBytes,
      fdOf: descriptors.fdOf,
      onWrite,
      onBug: (process, error) => invariants.bug(process, error),
      onHangUp: () => noticeHangUp(timers, hangUp, options.hangUp),
    })
    lanes.push(lane)
    return lane.connection
  }

  async function work(): Promise<JobOutcome> {
    const zfs = createZfsCliClient(createSimulatedProgram(active, director))
    const wired = wireActive(options, request.dryRun ? readOnly(zfs) : zfs, open)
    try {
      return await runJob(active.ctx, wired.work, {
        phases: request.phases ?? PHASES,
        dryRun: request.dryRun ?? false,
        snapshotName: undefined,
      })
    } finally {
      await wired.lanes.close()
    }
  }

  let end: Run['end'] | undefined
  active.onEnd(() => {
    end ??= {kind: 'killed'}
  })
  active.whileAlive(work()).then(
    (outcome) => {
      end ??= {kind: 'done', outcome, status: statusOfOutcome(outcome, options.direction)}
    },
    (error) => {
      if (!(error instanceof OperationalError || error instanceof Stopped)) invariants.bug(active, error)
      end ??= {kind: 'failed', error}
    },
  )

  if (!(await settle(timers, () => end !== undefined)))
    invariants.report('I12', trace.at(-1), 'the active process waits for ever')
  active.exit()
  if (!(await settle(timers, () => passives.every((process) => !process.alive()))))
    invariants.report('I12', trace.at(-1), 'a passive process waits for ever')
  for (const process of passives) process.kill()
  await nothingLeft()
  invariants.end()
  return {
    end: end ?? {kind: 'failed', error: new Error('stuck')},
    trace,
    frames,
    violations: invariants.violations,
  }
}

const NEVER = new AbortController().signal

function commandFaults({faults = []}: RunRequest): readonly CommandFault[] {
  return faults.filter((fault) => fault.kind !== 'frame')
}

/** Lets everything happen that can, then time pass, until `done`. False when nothing more is going to happen. */
async function settle(timers: Timers, done: () => boolean): Promise<boolean> {
  for (;;) {
    await nothingLeft()
    if (done()) return true
    if (!timers.advance()) return false
  }
}

/** Resolves when no microtask is left. */
function nothingLeft(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

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
      return 1000 + (known === -1 ? ends.push(end) - 1 : known)
    },
    endOf(fd: number): End {
      const end = ends[fd - 1000]
      if (end === undefined) throw new Error(`nothing is open as ${fd}`)
      return end
    },
  }
}

function statusOfOutcome(outcome: JobOutcome, type: 'push' | 'pull'): ExitStatus {
  const time = new Date(0).toISOString()
  return statusOf({
    version: 1,
    job: 'offsite',
    type,
    dryRun: false,
    startedAt: time,
    finishedAt: time,
    ...outcome,
    warnings: [...outcome.warnings],
  })
}
