import {createCommandHook} from './command-hook.ts'
import type {CreateHook, RunHookProgram} from './hook.ts'
import {createMysqlLockTables} from './mysql-lock-tables.ts'
import {createPostgresCheckpoint} from './postgres-checkpoint.ts'

/** All kinds of hooks, with programs run by `run`. */
export function createHooks(run: RunHookProgram): CreateHook {
  return (hook, occasion) => {
    switch (hook.type) {
      case 'command':
        return createCommandHook(hook, occasion, run)
      case 'postgres-checkpoint':
        return createPostgresCheckpoint(hook)
      default:
        return createMysqlLockTables(hook)
    }
  }
}
