import type {DatabaseHook} from '../plan/hook-policy.ts'
import {type DatabaseSession, openSession} from './database.ts'
import type {Hook} from './hook.ts'

/**
 * Locks all tables of MySQL or MariaDB against writing while the snapshots are taken. The lock lives as long as its
 * session: it is gone when we are, however we go.
 *
 * A server asked for the lock while somebody writes for long holds up all other writers until it has it. It is told to
 * give up when our time is over, and not only our connection.
 */
export function createMysqlLockTables({database, timeoutMs}: DatabaseHook): Hook {
  let locked: DatabaseSession | undefined
  return {
    async before(ctx) {
      const session = await openSession(ctx, 'mysql-lock-tables', database)
      try {
        await session.run(ctx, `SET SESSION lock_wait_timeout = ${Math.max(1, Math.floor(timeoutMs / 1000))}`)
        await session.run(ctx, 'FLUSH TABLES WITH READ LOCK')
        locked = session
      } catch (error) {
        await session.close()
        throw error
      }
    },
    async after(ctx) {
      try {
        await locked?.run(ctx, 'UNLOCK TABLES')
      } finally {
        await locked?.close()
      }
    },
  }
}
