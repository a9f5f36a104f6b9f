import {assert} from '../core/assert.ts'
import type {RunContext} from '../core/context.ts'
import type {StreamHandle} from '../core/stream.ts'
import {outgoingOf, type ProgramCall} from '../zfs-client/run-program.ts'
import {type Child, startChild} from './child.ts'
import type {DeathSignal} from './death-signal.ts'
import {FIXED_ENVIRONMENT} from './environment.ts'
import {admit} from './inspect-incoming.ts'
import type {Passage} from './pass-on.ts'
import {createPipe, type PipeWriter} from './pipe.ts'

/** What every pipe takes before anybody reads it, by POSIX's and our systems' PIPE_BUF. */
const MAX_INPUT_BYTES = 4096

/**
 * Starts the program of a call, with its stream or its text as its input; `passage` is what its stream goes through, if
 * there is one. Throws what an incoming stream is refused with: nothing reads one that is not what it should be.
 */
export async function startProgram(
  ctx: RunContext,
  call: ProgramCall & {readonly path: string},
  passage: Passage | undefined,
  options: {readonly lockFd?: number | undefined; readonly deathSignal?: DeathSignal | undefined},
): Promise<Child> {
  const start = (stdin: 'none' | StreamHandle) =>
    startChild({
      path: call.path,
      argv: call.argv,
      environment: FIXED_ENVIRONMENT,
      stdin,
      stdout: passage?.direction === 'from-program' ? passage.stream : 'pipe',
      inherited: options.lockFd,
      deathSignal: isStream(call) ? options.deathSignal?.() : undefined,
    })
  if (call.stdin === 'none') return start('none')
  if ('source' in call.stdin) {
    await admit(ctx, call.stdin)
    return start(passage?.direction === 'to-program' ? passage.stream : call.stdin.source)
  }
  const {reader, writer} = createPipe()
  try {
    await writeAhead(ctx, writer, call.stdin.text)
    return start(reader.stream)
  } finally {
    reader.close()
  }
}

/** Puts a text into a pipe that nobody reads yet. */
async function writeAhead({signal}: RunContext, writer: PipeWriter, text: string): Promise<void> {
  const bytes = Buffer.from(text)
  assert(bytes.length <= MAX_INPUT_BYTES, `an input of ${bytes.length} bytes does not fit into a pipe`)
  try {
    await writer.write(bytes, signal)
  } finally {
    writer.close()
  }
}

function isStream(call: ProgramCall): boolean {
  return outgoingOf(call) !== undefined || (call.stdin !== 'none' && 'source' in call.stdin)
}
