import type {JobId} from '../abstraction/job-id.ts'
import {OperationalError} from '../core/errors.ts'
import type {ExitStatus} from '../core/exit-code.ts'
import {quoted} from '../core/printable.ts'
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
 * Throws `usage` unless exactly one of them is configured: two jobs that both exist are two jobs, and a name that
 * nobody has is a slip of the fingers.
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
  if (known.has(from) !== known.has(to)) return
  throw known.has(from)
    ? new OperationalError(
        'usage',
        `${quoted(from)} and ${quoted(to)} are both configured: they are two jobs`,
      )
    : new OperationalError('usage', `neither ${quoted(from)} nor ${quoted(to)} is configured`, {
        hint: 'rename the job in the configuration first',
      })
}

function tell({print}: Output, changes: Parameters<typeof renderChanges>[0]): ExitStatus {
  print(renderChanges(changes))
  return statusOfChanges(changes)
}
