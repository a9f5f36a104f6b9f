import {parseMysqlDsn} from '../../../src/lib/config/mysql-dsn.ts'
import {parsePostgresDsn} from '../../../src/lib/config/postgres-dsn.ts'
import {createHooks} from '../../../src/lib/hook/create-hook.ts'
import {createTestContext} from '../../unit/test-context.ts'

/**
 * `harness TYPE DSN TIMEOUT_MS`: does what a hook does, as an executable of its own. Each line on stdin is `before` or
 * `after`, each answered by a line: `ok`, or the code and message of the failure.
 */
const [type = '', dsn = '', timeout = ''] = process.argv.slice(2)
const isPostgres = type === 'postgres-checkpoint'
const timeoutMs = Number(timeout)
const create = createHooks(async () => {})
const hook = create(
  {
    type: isPostgres ? 'postgres-checkpoint' : 'mysql-lock-tables',
    database: isPostgres ? parsePostgresDsn(dsn) : parseMysqlDsn(dsn),
    errIsFatal: false,
    timeoutMs,
  },
  {job: 'harness', around: 'round', filesystems: ['tank/db'], snapshotName: 'snapshot'},
)

for await (const line of console) {
  const ctx = createTestContext([], AbortSignal.timeout(timeoutMs))
  const edge = line === 'before' ? hook.before(ctx) : hook.after(ctx, 'ok')
  console.log(
    await edge.then(
      () => 'ok',
      (error) => `${error.code ?? error.name} ${error.message}`,
    ),
  )
}
