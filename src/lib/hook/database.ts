import {readFileSync} from 'node:fs'
import {type ReservedSQL, SQL} from 'bun'
import type {RunContext} from '../core/context.ts'
import {OperationalError} from '../core/errors.ts'
import {printable} from '../core/printable.ts'
import type {Database, DatabaseHook} from '../plan/hook-policy.ts'

/** One session with a database. */
export type DatabaseSession = {
  /** Runs one statement. Throws `hook-failed`, or the reason of `ctx.signal` after the session was cut off. */
  run(ctx: RunContext, statement: string): Promise<void>
  /** Ends the session; the server gives up what it holds. Never throws. */
  close(): Promise<void>
}

/** Opens a session. Throws like `run`. */
export async function openSession(
  ctx: RunContext,
  type: DatabaseHook['type'],
  database: Database,
): Promise<DatabaseSession> {
  const sql = new SQL(optionsOf(type, database, readTlsFiles(type, database)))
  const close = () => sql.close({timeout: 0}).catch(() => {})
  const bounded = async <T>(ctx: RunContext, work: () => Promise<T>): Promise<T> => {
    ctx.signal.throwIfAborted()
    // A statement cannot be taken back by itself: closing the connection makes it fail.
    const cutOff = () => void close()
    ctx.signal.addEventListener('abort', cutOff, {once: true})
    try {
      return await work()
    } catch (error) {
      ctx.signal.throwIfAborted()
      throw failureOf(type, error)
    } finally {
      ctx.signal.removeEventListener('abort', cutOff)
    }
  }
  try {
    const connection: ReservedSQL = await bounded(ctx, () => sql.reserve())
    return {
      run: (ctx, statement) => bounded(ctx, async () => void (await connection.unsafe(statement))),
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

/**
 * Nothing is left to the client's own defaults, which it takes from many variables of the environment (`DATABASE_URL`,
 * `PGPASSWORD`, `MYSQL_DATABASE`, …), also where an option is empty: hence a URL, and a function for the password.
 */
function optionsOf(type: DatabaseHook['type'], database: Database, files: TlsFiles): SQL.Options {
  const {address, user, password, name} = database
  const isPostgres = type === 'postgres-checkpoint'
  return {
    adapter: isPostgres ? 'postgres' : 'mysql',
    url: isPostgres ? 'postgres://localhost' : 'mysql://localhost',
    ...('socket' in address ? {path: address.socket} : {hostname: address.host, port: address.port}),
    username: user ?? (isPostgres ? 'postgres' : 'root'),
    password: () => password ?? '',
    // Every user of MySQL may use this one, and has to use some.
    database: name ?? (isPostgres ? (user ?? 'postgres') : 'information_schema'),
    tls: tlsOf(database, files),
    max: 1,
    // The signal bounds it.
    connectionTimeout: 0,
    idleTimeout: 0,
  } as SQL.Options
}

type TlsFiles = Readonly<Record<string, Buffer>>

/** Throws `hook-failed` for a file that cannot be read. */
function readTlsFiles(type: DatabaseHook['type'], {tlsFiles}: Database): TlsFiles {
  try {
    return Object.fromEntries(
      Object.entries(tlsFiles).flatMap(([name, path]) =>
        path === undefined ? [] : [[name, readFileSync(path)]],
      ),
    )
  } catch (error) {
    throw failureOf(type, error)
  }
}

function tlsOf({tls, address}: Database, files: TlsFiles): Bun.TLSOptions | boolean {
  if (tls === 'off') return false
  return {
    rejectUnauthorized: tls !== 'unverified',
    ...files,
    ...('host' in address ? {serverName: address.host} : {}),
    ...(tls === 'full' ? {} : {checkServerIdentity: () => undefined}),
  }
}

function failureOf(type: DatabaseHook['type'], error: unknown): OperationalError {
  const message = error instanceof Error ? error.message : String(error)
  return new OperationalError('hook-failed', `${type}: ${printable(message)}`, {cause: error})
}
