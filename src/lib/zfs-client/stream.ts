import type {RunContext} from '../core/context.ts'
import {OperationalError} from '../core/errors.ts'
import type {IncomingStream, OutgoingStream} from '../core/stream.ts'
import {estimateCommand, receiveCommand, sendCommand} from '../zfs/argv.ts'
import type {Outcome, ReceiveArgs, SendArgs} from '../zfs/client.ts'
import {readSendEstimate} from '../zfs/read-send-estimate.ts'
import {DONE, failed, failureOf, look, succeeded, warnOfWords} from './command.ts'
import type {ProgramResult, RunProgram} from './run-program.ts'

/** Decoration: whatever goes wrong with it, `undefined` is the answer, unless the run itself is stopped. */
export async function estimate(
  ctx: RunContext,
  run: RunProgram,
  args: SendArgs,
): Promise<bigint | undefined> {
  try {
    const result = await look(ctx, run, estimateCommand(args))
    if (succeeded(result)) return readSendEstimate(result.stdout)
    ctx.log.of('zfs.cmd').debug('zfs has no estimate', {reason: failureOf(result).message})
  } catch (error) {
    if (ctx.signal.aborted || !(error instanceof OperationalError) || error.code === 'zfs-missing')
      throw error
    ctx.log.of('zfs.cmd').debug('zfs has no estimate', {reason: error.message})
  }
  return undefined
}

/** The program writes the stream; nothing of it reaches the sink before it is admitted. */
export async function send(
  ctx: RunContext,
  run: RunProgram,
  args: SendArgs,
  stream: OutgoingStream,
): Promise<Outcome> {
  const command = sendCommand(args)
  const result = await run(ctx, {...command, stdin: 'none', stdout: stream, deadlineMs: undefined})
  warnOfWords(ctx, command, result)
  return outcomeOf(result)
}

/** The program reads one stream, once it is admitted, and leaves what follows it. */
export async function receive(
  ctx: RunContext,
  run: RunProgram,
  args: ReceiveArgs,
  stream: IncomingStream,
): Promise<Outcome> {
  const command = receiveCommand(args)
  const result = await run(ctx, {...command, stdin: stream, stdout: 'text', deadlineMs: undefined})
  warnOfWords(ctx, command, result)
  return outcomeOf(result)
}

function outcomeOf(result: ProgramResult): Outcome {
  return succeeded(result) ? DONE : failed(failureOf(result))
}
