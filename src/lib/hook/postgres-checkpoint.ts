import type {DatabaseHook} from '../plan/hook-policy.ts'
import {openSession} from './database.ts'
import type {Hook} from './hook.ts'

/**
 * Makes PostgreSQL write a checkpoint before the snapshots, so that a database started from one has little to replay.
 * The server gives up by itself when the time is over.
 */
export function createPostgresCheckpoint({database, timeoutMs}: DatabaseHook): Hook {
  return {
    async before(ctx) {
      const session = await openSession(ctx, 'postgres-checkpoint', database)
      try {
        await session.run(ctx, `SET statement_timeout = ${timeoutMs}`)
        await session.run(ctx, 'CHECKPOINT')
      } finally {
        await session.close()
      }
    },
    async after() {},
  }
}
