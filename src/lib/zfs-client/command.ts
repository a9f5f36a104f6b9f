import type {RunContext} from '../core/context.ts'
import {OperationalError} from '../core/errors.ts'
import {printable} from '../core/printable.ts'
import type {ZfsCommand} from '../zfs/argv.ts'
import type {Outcome} from '../zfs/client.ts'
import {changeDeadlineMs, LISTING_DEADLINE_MS} from '../zfs/deadlines.ts'
import {
  missingDatasets,
  readFailure,
  withoutInapplicableProperties,
  type ZfsFailure,
} from '../zfs/read-stderr.ts'
import type {ProgramCall, ProgramResult, RunProgram, Taker} from './run-program.ts'

export const DONE: Outcome = {kind: 'done'}

export function failed(failure: ZfsFailure): Outcome {
  return {kind: 'failed', failure}
}

/** Runs a command that only looks. What it prints is in the result, or given to `take` while it is printed. */
export async function look(
  ctx: RunContext,
  run: RunProgram,
  command: ZfsCommand,
  stdout: 'text' | Taker = 'text',
): Promise<ProgramResult> {
  return await runText(ctx, run, command, {stdin: 'none', stdout, deadlineMs: LISTING_DEADLINE_MS})
}

/** Runs a command that changes `count` objects, and reads `input` from its stdin. */
export async function change(
  ctx: RunContext,
  run: RunProgram,
  command: ZfsCommand,
  {count = 1, input}: {readonly count?: number; readonly input?: string} = {},
): Promise<ProgramResult> {
  const stdin = input === undefined ? 'none' : {text: input}
  return await runText(ctx, run, command, {stdin, stdout: 'text', deadlineMs: changeDeadlineMs(count)})
}

async function runText(
  ctx: RunContext,
  run: RunProgram,
  command: ZfsCommand,
  how: Pick<ProgramCall, 'stdin' | 'stdout' | 'deadlineMs'>,
): Promise<ProgramResult> {
  const result = await run(ctx, {...command, ...how})
  warnOfWords(ctx, command, result)
  return result
}

/** A command that succeeds and complains has done its work; somebody may still want to know. */
export function warnOfWords(ctx: RunContext, command: ZfsCommand, result: ProgramResult): void {
  const words = withoutInapplicableProperties(result.stderr).trim()
  if (succeeded(result) && words !== '')
    ctx.log
      .of('zfs.cmd')
      .warn('zfs succeeded with a warning', {command: command.argv[0], stderr: printable(words)})
}

export function succeeded(result: ProgramResult): boolean {
  return result.exitCode === 0
}

/** Why a command failed, in its own words, or by which signal it ended when it had none. */
export function failureOf(result: ProgramResult): ZfsFailure {
  const failure = readFailure(result.stderr)
  if (result.signal === undefined) return failure
  const said = result.stderr.trim() === '' ? '' : `: ${failure.message}`
  const kind = failure.kind === 'unknown' && result.signal === 'SIGPIPE' ? 'cut' : failure.kind
  return {kind, message: `zfs was ended by ${result.signal}${said}`}
}

/**
 * Which of the objects asked about a listing did not find; empty when it succeeded.
 * Throws `zfs-failed` or `not-permitted` when it failed for any other reason or complained about something else.
 */
export function missingOf(
  command: ZfsCommand,
  result: ProgramResult,
  asked: readonly string[],
): readonly string[] {
  if (succeeded(result)) return []
  const believed = result.exitCode !== undefined && !result.stderrCut
  const missing = believed ? missingDatasets(result.stderr.replace(NOTHING_AT_ALL, '')) : undefined
  const known = new Set(asked)
  if (missing?.every((name) => known.has(name))) return missing
  throw lookFailed(command, result)
}

/** What `zfs holds` adds when nothing it was asked about exists. */
const NOTHING_AT_ALL = /^no datasets available\n?$/m

function lookFailed({program, argv}: ZfsCommand, result: ProgramResult): OperationalError {
  const {kind, message} = failureOf(result)
  const code = kind === 'permission' ? 'not-permitted' : 'zfs-failed'
  return new OperationalError(code, `${program} ${argv[0]}: ${message}`, {
    retryable: kind === 'does-not-exist' || kind === 'busy',
  })
}

/**
 * Asks a question whose answer decides what a failed command has done. `undefined` when there is no answer: then the
 * command counts as failed. What stops the whole run still does.
 */
export async function askAgain<T>(ctx: RunContext, question: () => Promise<T>): Promise<T | undefined> {
  try {
    return await question()
  } catch (error) {
    if (!(error instanceof OperationalError) || !UNANSWERED.has(error.code)) throw error
    ctx.log.of('zfs.cmd').warn('cannot find out what a failed command has done', {error: error.message})
    return undefined
  }
}

const UNANSWERED: ReadonlySet<string> = new Set(['zfs-failed', 'zfs-output', 'not-permitted'])
