import {EXIT, type ExitStatus} from '../core/exit-code.ts'
import {worstStatus} from '../report/exit-status.ts'
import {renderChanges, statusOfChanges} from '../report/render-changes.ts'
import {listLegacyPlaceholders, placeholderOrder, rewritePlaceholders} from '../upkeep/legacy-placeholder.ts'
import {readOnly} from '../zfs-client/read-only.ts'
import {readConfig} from './config-file.ts'
import {createZfs} from './endpoints.ts'
import {complain, complainOfMissing, type Output} from './output.ts'
import {createProcessContext} from './process-context.ts'
import {withJobLock} from './with-job-lock.ts'

/** Rewrites the placeholder property of zrepl 0.0.x below the root_fs of every sink and pull job. */
export async function migratePlaceholder(
  request: Output & {readonly config: string | undefined; readonly dryRun: boolean},
): Promise<ExitStatus> {
  const jobs = readConfig(request.config, request.printError).jobs.filter(
    (job) => job.type === 'sink' || job.type === 'pull',
  )
  const ctx = createProcessContext('migrate placeholder')
  const zfs = readOnly(createZfs({lockFd: undefined}))
  const statuses: ExitStatus[] = []
  let found = 0
  for (const {name, rootFs} of jobs) {
    try {
      const {legacy, missing} = await listLegacyPlaceholders(ctx, zfs, rootFs)
      statuses.push(...complainOfMissing(request, missing))
      found += legacy.length
      if (legacy.length === 0) continue
      const changes = request.dryRun
        ? legacy.map((dataset) => ({what: placeholderOrder(dataset), state: 'planned' as const}))
        : await withJobLock(name, (zfs) => rewritePlaceholders(ctx, zfs, legacy))
      request.print(renderChanges(changes))
      statuses.push(statusOfChanges(changes))
    } catch (error) {
      statuses.push(complain(request, error))
    }
  }
  if (found === 0 && worstStatus(statuses) === EXIT.ok)
    request.print('no placeholder of zrepl 0.0.x was found\n')
  return worstStatus(statuses)
}
