import type {ProgramCall, ProgramResult} from '../src/lib/zfs-client/run-program.ts'

/** Long enough for some lines, and never at the end of one. */
const PIECE_BYTES = 311

/** What `RunProgram` returns for a program that has printed all of `result`: as text, or in pieces for who takes those. */
export function deliver({stdout}: ProgramCall, result: ProgramResult): ProgramResult {
  if (typeof stdout !== 'object' || !('take' in stdout)) return result
  const bytes = Buffer.from(result.stdout, 'latin1')
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) stdout.take(bytes.subarray(at, at + PIECE_BYTES))
  return {...result, stdout: ''}
}
