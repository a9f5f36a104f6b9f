import {changeDeadlineMs} from '../zfs/deadlines.ts'
import {programGuid} from '../zfs/destroy-program.ts'
import {failureOfErrno} from '../zfs/read-errno.ts'
import type {CallLibrary} from './call-library.ts'
import type {RunDestroyProgram} from './destroy-judged.ts'

/** Runs the program by libzfs_core. */
export function createCallDestroyProgram(call: CallLibrary): RunDestroyProgram {
  return async (ctx, pool, snapshots) => {
    const answer = await call(ctx, {
      operation: 'destroy-judged',
      pool,
      objects: snapshots.map(({name, guid}) => [name, programGuid(guid)]),
      deadlineMs: changeDeadlineMs(snapshots.length),
    })
    if (answer === undefined) return {impossible: 'libzfs_core gives no answer'}
    if (answer.errno !== 0) return {impossible: failureOfErrno(answer.errno).message}
    return new Map(Object.entries(answer.errors))
  }
}
