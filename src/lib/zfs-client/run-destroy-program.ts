import {destroyProgramCommand} from '../zfs/argv.ts'
import {DESTROY_PROGRAM, readDestroyProgram} from '../zfs/destroy-program.ts'
import {change, failureOf, succeeded} from './command.ts'
import type {RunDestroyProgram} from './destroy-judged.ts'
import type {RunProgram} from './run-program.ts'

/** Runs the program by `zfs program`, which takes it from its stdin. */
export function createRunDestroyProgram(run: RunProgram): RunDestroyProgram {
  return async (ctx, _, snapshots) => {
    const command = destroyProgramCommand(snapshots)
    const result = await change(ctx, run, command, {count: snapshots.length, input: DESTROY_PROGRAM})
    if (!succeeded(result)) return {impossible: failureOf(result).message}
    return readDestroyProgram(result.stdout) ?? {impossible: 'what zfs program printed is not understood'}
  }
}
