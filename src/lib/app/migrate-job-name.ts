import type {JobId} from '../abstraction/job-id.ts'
import {OperationalError} from '../core/errors.ts'
import type {ExitStatus} from '../core/exit-code.ts'
import {printable, quoted} from '../core/printable.ts'
import {renderChanges, statusOfChanges} from '../report/render-changes.ts'
import {listAbstractions} from '../upkeep/list-abstractions.ts'
import {parseJobWord, parseQuery} from '../upkeep/query.ts'
import {planRename, renameAbstractions, renameOrder} from '../upkeep/rename-job.ts'
import {readOnly} from '../zfs-client/read-only.ts'
import {readConfig} from './config-file.ts'
import {createZfs} from './endpoints.ts'
import type {Output} from './output.ts'
import {createProcessContext} from './process-context.ts'
import {withJobLock} from './with-job-lock.ts'

export type MigrateJobNameRequest = Output & {
  readonly from: string
  readonly to: string
  readonly config: string | undefined
  readonly dryRun: boolean
}

/**
 * Gives what job `from` has left on this host's pools to job `to`, under the locks of both.
 * Throws `usage` unless `to` alone is configured: two jobs that both exist are two jobs, a name that nobody has is a slip of
 * the fingers, and as long as the job has its old name it would look for what it has left under that one.
 */
export async function migrateJobName(request: MigrateJobNameRequest): Promise<ExitStatus> {
  const [from, to] = [parseJobWord(request.from), parseJobWord(request.to)]
  requireRename(request, from, to)
  const ctx = createProcessContext('migrate job-name')
  const query = parseQuery({})
  if (request.dryRun) {
    const zfs = readOnly(createZfs({lockFd: undefined}))
    const {renamings, left} = planRename((await listAbstractions(ctx, zfs, query)).abstractions, from, to)
    return tell(request, [
      ...left,
      ...renamings.map((renaming) => ({what: renameOrder(renaming), state: 'planned' as const})),
    ])
  }
  return await withJobLock(from, async () =>
    withJobLock(to, async (zfs) => {
      const {renamings, left} = planRename((await listAbstractions(ctx, zfs, query)).abstractions, from, to)
      return tell(request, [...left, ...(await renameAbstractions(ctx, zfs, renamings))])
    }),
  )
}

function requireRename({config, printError}: MigrateJobNameRequest, from: JobId, to: JobId): void {
  if (from === to) throw new OperationalError('usage', 'the old and the new name are the same')
  const known = new Set(readConfig(config, printError).jobs.map(({name}) => name))
  if (known.has(to) && !known.has(from)) return
  if (known.has(to))
    throw new OperationalError(
      'usage',
      `${quoted(from)} and ${quoted(to)} are both configured: they are two jobs`,
    )
  const what = known.has(from)
    ? `the job still has its old name: ${quoted(from)} is configured, ${quoted(to)} is not`
    : `neither ${quoted(from)} nor ${quoted(to)} is configured`
  throw new OperationalError('usage', what, {hint: 'rename the job in the configuration first'})
}

function tell(
  {print, from}: MigrateJobNameRequest,
  changes: Parameters<typeof renderChanges>[0],
): ExitStatus {
  if (changes.length === 0) print(`nothing of job ${printable(from)} was found\n`)
  print(renderChanges(changes))
  return statusOfChanges(changes)
}
