import {type RunContext, withSpan} from '../../../src/lib/core/context.ts'
import {OperationalError} from '../../../src/lib/core/errors.ts'
import type {CallLibrary, LibraryAnswer, LibraryCall} from '../../../src/lib/zfs-client/call-library.ts'
import type {Library} from '../../../src/lib/zfs-client/library.ts'
import {
  outgoingOf,
  type ProgramCall,
  type ProgramResult,
  type RunProgram,
} from '../../../src/lib/zfs-client/run-program.ts'
import {deliver} from '../../deliver.ts'
import {disturbedResult, replacedResult} from '../disturb.ts'
import type {CommandFault} from '../fault.ts'
import {answerOf} from '../library.ts'
import type {Answer} from '../zfs/answer.ts'
import {getLoadGuids} from '../zfs/listing.ts'
import {notModelled} from '../zfs/options.ts'
import {runCommand, startCommand} from '../zfs.ts'
import type {Entry} from './entry.ts'
import {asHeir} from './lock.ts'
import type {End} from './pipe.ts'
import type {Process} from './process.ts'
import {receiveStream, sendStream} from './stream-program.ts'

/** Who watches the commands of a run and interferes with them. */
export type Director = {
  /** All commands so far. */
  readonly trace: readonly Entry[]
  /** `zfs` as this process starts it. */
  programOf(process: Process): RunProgram
  libraryOf(process: Process): Library
  begin(process: Process, call: BegunCall): Entry
  /** Right before the command does anything, and at each point in its middle. May kill its process or another. */
  before(entry: Entry): void
  /** After it has done all it does, before its process learns of it. */
  after(entry: Entry, result: ProgramResult): void
  /** Lets others go first now and then. */
  pause(): Promise<void>
  /** Lets time pass, for a program that nobody may be waiting for any more. */
  wait(ms: number): Promise<void>
  /** When a stream that stands still is stopped, where no watchdog of the program is there to do it. */
  readonly idleMs: number | undefined
  endOf(fd: number): End
  /** Breaks the network between the two hosts. */
  sever(): void
}

/** `libraryCall`: the command is a part of a call of libzfs_core, and this is the call's number. */
export type BegunCall = Pick<ProgramCall, 'argv' | 'mutates' | 'stdin' | 'stdout'> & {
  readonly libraryCall?: number
}

/**
 * `CallLibrary` on the model of ZFS. A call is done as commands, each of which can be disturbed: by a kill in the middle
 * of what the kernel does as a whole, which is more than can happen, or by the end of the child that makes the call.
 */
export function createSimulatedCalls(
  process: Process,
  director: Director,
  nextCall: () => number,
): CallLibrary {
  return (ctx, call) => {
    const number = nextCall()
    return process.whileAlive(asHeir(process, () => callOnce(ctx, call, {process, director, number})))
  }
}

async function callOnce(
  ctx: RunContext,
  call: LibraryCall,
  {
    process,
    director,
    number,
  }: {readonly process: Process; readonly director: Director; readonly number: number},
): Promise<LibraryAnswer | undefined> {
  ctx.signal.throwIfAborted()
  await director.pause()
  const answer = answerOf(process.host, call, (argv) => {
    const entry = director.begin(process, {
      argv,
      mutates: true,
      stdin: 'none',
      stdout: 'text',
      libraryCall: number,
    })
    director.before(entry)
    entry.isOver = true
    if (!process.alive()) return false
    director.after(entry, resultOf(runCommand(process.host, argv)))
    return process.alive() && entry.faults.every(({kind}) => kind === 'kill' || kind === 'foreign')
  })
  await director.pause()
  ctx.signal.throwIfAborted()
  return answer
}

/** `RunProgram` on the model of ZFS. */
export function createSimulatedProgram(process: Process, director: Director): RunProgram {
  return (ctx, call) =>
    process.whileAlive(
      asHeir(process, () =>
        withSpan(ctx, `zfs ${call.argv[0] ?? ''}`, {}, (ctx) => runDisturbed(ctx, call, process, director)),
      ),
    )
}

/** One command, as the director lets it go. */
export async function runDisturbed(
  ctx: RunContext,
  call: ProgramCall & {readonly libraryCall?: number},
  process: Process,
  director: Director,
): Promise<ProgramResult> {
  ctx.signal.throwIfAborted()
  if (call.program !== 'zfs' && call.argv[0] !== 'get') throw notModelled(call.argv, call.program)
  const entry = director.begin(process, call)
  try {
    return await runEntry(ctx, call, entry, director)
  } finally {
    entry.isOver = true
  }
}

async function runEntry(
  ctx: RunContext,
  call: ProgramCall,
  entry: Entry,
  director: Director,
): Promise<ProgramResult> {
  const {process} = entry
  await director.pause()
  director.before(entry)
  if (!process.alive()) return NOT_STARTED
  ctx.signal.throwIfAborted()

  if (entry.faults.some(({kind}) => kind === 'hang')) return await hang(ctx, call, director)
  const delay = faultOf(entry, 'delay')
  if (delay !== undefined)
    await Promise.race([
      director.wait(delay.ms),
      ...(entry.stream === undefined ? [] : [stopped(ctx, process)]),
    ])
  if (entry.stream !== undefined && !process.alive()) return NOT_STARTED
  ctx.signal.throwIfAborted()
  const result = replacedResult(entry) ?? disturbedResult(entry, await execute(ctx, call, entry, director))
  director.after(entry, result)
  await director.pause()
  ctx.signal.throwIfAborted()
  return deliver(call, result)
}

async function execute(
  ctx: RunContext,
  call: ProgramCall,
  entry: Entry,
  director: Director,
): Promise<ProgramResult> {
  const outgoing = outgoingOf(call)
  if (outgoing !== undefined) return await sendStream(ctx, outgoing, entry, director)
  const {stdin} = call
  if (stdin !== 'none' && 'source' in stdin) return await receiveStream(ctx, stdin, entry, director)
  const {host} = entry.process
  const command =
    call.program === 'zpool'
      ? getLoadGuids(host, call.argv.slice(1))
      : startCommand(host, call.argv, stdin === 'none' ? '' : stdin.text)
  let step = command.next()
  // An orphan goes on to its end: only the first step is bound to the process being alive.
  while (!step.done) {
    step = command.next()
    if (!step.done) await director.pause()
  }
  return resultOf(step.value)
}

/** Resolves when nobody wants a stream any more. */
function stopped({signal}: RunContext, process: Process): Promise<void> {
  return new Promise((resolve) => {
    process.onEnd(resolve)
    signal.addEventListener('abort', () => resolve(), {once: true})
  })
}

/** A command in uninterruptible sleep: given up at its deadline, a stream by the watchdog, or when it is stopped. */
async function hang(
  {clock, signal}: RunContext,
  {argv, deadlineMs}: ProgramCall,
  {idleMs}: Director,
): Promise<ProgramResult> {
  const limitMs = deadlineMs ?? idleMs
  if (limitMs === undefined)
    return await new Promise((_, reject) =>
      signal.addEventListener('abort', () => reject(signal.reason), {once: true}),
    )
  await clock.sleep(limitMs, signal)
  const code = deadlineMs === undefined ? 'stalled' : 'deadline'
  throw new OperationalError(code, `'zfs ${argv[0]}' did not end in time`, {retryable: true})
}

export function resultOf({stdout, stderr, exitCode}: Answer): ProgramResult {
  return {exitCode, signal: undefined, stdout, stderr, stderrCut: false}
}

/** Nobody is left to see it. */
const NOT_STARTED: ProgramResult = {
  exitCode: undefined,
  signal: 'SIGKILL',
  stdout: '',
  stderr: '',
  stderrCut: false,
}

/** The first fault of one kind that this command meets. */
export function faultOf<Kind extends CommandFault['kind']>(
  entry: Entry,
  kind: Kind,
): Extract<CommandFault, {kind: Kind}> | undefined {
  return entry.faults.find((fault): fault is Extract<CommandFault, {kind: Kind}> => fault.kind === kind)
}
