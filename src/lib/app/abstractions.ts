import type {Abstraction} from '../abstraction/abstraction.ts'
import {canJudgeStale, staleAbstractions} from '../abstraction/stale.ts'
import type {RunContext} from '../core/context.ts'
import {OperationalError} from '../core/errors.ts'
import type {ExitStatus} from '../core/exit-code.ts'
import {printable} from '../core/printable.ts'
import {worstStatus} from '../report/exit-status.ts'
import {
  renderAbstractionJson,
  renderAbstractionTable,
  renderReleasedJson,
} from '../report/render-abstractions.ts'
import {renderChanges, statusOfChanges} from '../report/render-changes.ts'
import {listAbstractions} from '../upkeep/list-abstractions.ts'
import {parseQuery, type Query, type QueryWords} from '../upkeep/query.ts'
import {releaseAbstractions, releaseOrder} from '../upkeep/release-abstractions.ts'
import type {ZfsClient} from '../zfs/client.ts'
import {readOnly} from '../zfs-client/read-only.ts'
import {readConfig} from './config-file.ts'
import {createZfs} from './endpoints.ts'
import {complainOfMissing, type Output} from './output.ts'
import {createProcessContext} from './process-context.ts'
import {forEachJob} from './with-job-lock.ts'

/** Prints what zrepl has left on this host's pools. Throws `usage`, and `config` when one is named and cannot be used. */
export async function showAbstractions(
  request: QueryWords & Output & {readonly config: string | undefined; readonly json: boolean},
): Promise<ExitStatus> {
  const query = parseQuery(request)
  const configured = configuredJobs(request)
  const ctx = createProcessContext('list abstractions')
  const {abstractions, missing} = await listAbstractions(ctx, lookOnly(), query)
  if (request.json) printJson(request, abstractions)
  else request.print(renderAbstractionTable(abstractions, configured))
  return worstStatus(complainOfMissing(request, missing))
}

export type RemovalRequest = QueryWords &
  Output & {
    readonly which: 'all' | 'stale'
    readonly dryRun: boolean
    /** The operator knows that everything chosen goes. */
    readonly yes: boolean
    readonly json: boolean
  }

/**
 * Releases holds and destroys bookmarks of ours, each job's under its lock and as listed under it. A job that is running
 * keeps all it has. Throws `usage` before anything is done.
 */
export async function removeAbstractions(request: RemovalRequest): Promise<ExitStatus> {
  const query = parseQuery(request)
  refuseHalfAsked(request, query)
  const ctx = createProcessContext('release abstractions')
  const {abstractions, missing} = await listAbstractions(ctx, lookOnly(), query)
  const statuses = complainOfMissing(request, missing)
  const chosen = choose(request, abstractions)
  if (chosen.length === 0 && !request.json) request.print(`${nothingChosen(request)}\n`)
  if (request.dryRun) {
    if (request.json) printJson(request, chosen)
    else request.print(renderChanges(chosen.map((one) => ({what: releaseOrder(one), state: 'planned'}))))
    return worstStatus(statuses)
  }

  const jobs = chosen.map(({jobId}) => jobId)
  const done = await forEachJob(request, jobs, async (zfs, jobId) => {
    const again = jobId === undefined ? withoutJob(query) : {...query, jobId}
    return await removeListed(ctx, zfs, again, request)
  })
  return worstStatus([...statuses, ...done])
}

/** Everything could be all that a receiver can go on from, and half a judgement of staleness is none. */
function refuseHalfAsked({which, dryRun, yes}: RemovalRequest, {types}: Query): void {
  if (which === 'all' && !dryRun && !yes) {
    throw new OperationalError(
      'usage',
      'release-all also destroys what the next increment is to start from',
      {
        hint: 'look with --dry-run, then say --yes',
      },
    )
  }
  if (which === 'stale' && !canJudgeStale(types)) {
    throw new OperationalError(
      'usage',
      'step holds are stale or not by the cursors: neither type can be asked for alone',
      {hint: '--type step-hold,replication-cursor-bookmark-v2'},
    )
  }
}

function choose({which}: RemovalRequest, abstractions: readonly Abstraction[]): readonly Abstraction[] {
  return which === 'all' ? abstractions : staleAbstractions(abstractions)
}

/** A slip of the fingers in the name of a job is to be seen. */
function nothingChosen({which, job}: RemovalRequest): string {
  const whose = job === undefined ? 'of ours' : `of job ${printable(job)}`
  return which === 'all' ? `nothing ${whose} was found` : `nothing ${whose} is stale`
}

/** Cursors of zrepl before 0.3 are the only ones that name no job. */
function withoutJob(query: Query): Query {
  return {...query, types: new Set(['replication-cursor-bookmark-v1'])}
}

async function removeListed(
  ctx: RunContext,
  zfs: ZfsClient,
  query: Query,
  request: RemovalRequest,
): Promise<ExitStatus> {
  const {abstractions} = await listAbstractions(ctx, zfs, query)
  const released = await releaseAbstractions(ctx, zfs, choose(request, abstractions))
  if (request.json) {
    for (const {abstraction, change} of released)
      request.print(`${renderReleasedJson(abstraction, change.because)}\n`)
  } else request.print(renderChanges(released.map(({change}) => change)))
  return statusOfChanges(released.map(({change}) => change))
}

function printJson({print}: Output, abstractions: readonly Abstraction[]): void {
  print(abstractions.map((abstraction) => `${renderAbstractionJson(abstraction)}\n`).join(''))
}

function configuredJobs({
  config,
  printError,
}: Output & {readonly config: string | undefined}): ReadonlySet<string> | undefined {
  if (config === undefined) return undefined
  return new Set(readConfig(config, printError).jobs.map(({name}) => name))
}

function lookOnly(): ZfsClient {
  return readOnly(createZfs({lockFd: undefined}))
}
