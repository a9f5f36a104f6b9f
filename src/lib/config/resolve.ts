import type {
  ConfigFile,
  Job as RawJob,
  PullJob as RawPullJob,
  PushJob as RawPushJob,
  Watchdog,
} from '../../generated/config-types.ts'
import {parseJobId} from '../abstraction/job-id.ts'
import {unreachable} from '../core/assert.ts'
import {parseZreplDuration} from '../core/units.ts'
import {parseFilter} from '../scope/filter.ts'
import {parsePathRules} from '../scope/path-rules.ts'
import {parseDatasetName} from '../zfs/name.ts'
import type {Job, PullJob, PushJob} from './job.ts'
import {resolvePhaseHooks} from './resolve-hooks.ts'
import {resolveKeepRules} from './resolve-keep-rules.ts'
import {resolveFloor, resolvePruneLimit, resolvePruning} from './resolve-pruning.ts'
import {resolveReceive} from './resolve-receive.ts'
import {resolveReplication} from './resolve-replication.ts'
import {resolveSend} from './resolve-send.ts'
import {resolveSnapshotting} from './resolve-snapshotting.ts'
import {type PlaceOf, resolveConnect, resolveServe} from './resolve-transport.ts'

/** The jobs of one file in which no mistake was found. Defaults are zrepl's. Throws only if that was not true. */
export function resolveJobs(raw: ConfigFile, placeOf: PlaceOf): readonly Job[] {
  return (raw.jobs ?? []).map((job, index) => resolveJob(job, (path) => placeOf(['jobs', index, ...path])))
}

function resolveJob(raw: RawJob, placeOf: PlaceOf): Job {
  const name = parseJobId(raw.name)
  switch (raw.type) {
    case 'push':
      return resolvePush(raw, placeOf)
    case 'pull':
      return resolvePull(raw, placeOf)
    case 'sink':
      return {
        type: 'sink',
        name,
        serve: resolveServe(raw.serve, placeOf),
        rootFs: parseDatasetName(raw.root_fs),
        pathMapping: resolvePathMapping(raw.path_mapping),
        recv: resolveReceive(raw.recv),
        floor: resolveFloor(raw.retention_floor),
      }
    case 'source':
      return {
        type: 'source',
        name,
        hooks: resolvePhaseHooks(raw.hooks),
        serve: resolveServe(raw.serve, placeOf),
        jobIdPerClient: raw.job_id_per_client ?? false,
        filesystems: resolveFilter(raw.filesystems),
        snapshotting: resolveSnapshotting(raw.snapshotting),
        send: resolveSend(raw.send),
        floor: resolveFloor(raw.retention_floor),
      }
    case 'snap':
      return {
        type: 'snap',
        name,
        hooks: resolvePhaseHooks(raw.hooks),
        filesystems: resolveFilter(raw.filesystems),
        snapshotting: resolveSnapshotting(raw.snapshotting),
        pruning: {keep: resolveKeepRules(raw.pruning.keep), limit: resolvePruneLimit(raw.pruning.limit)},
      }
    default:
      return unreachable(raw)
  }
}

function resolvePush(raw: RawPushJob, placeOf: PlaceOf): PushJob {
  return {
    type: 'push',
    name: parseJobId(raw.name),
    hooks: resolvePhaseHooks(raw.hooks),
    connect: resolveConnect(raw.connect, placeOf),
    filesystems: resolveFilter(raw.filesystems),
    snapshotting: resolveSnapshotting(raw.snapshotting),
    send: resolveSend(raw.send),
    replication: resolveReplication(raw),
    idleMs: resolveIdle(raw.watchdog),
    pruning: resolvePruning(raw.pruning),
  }
}

function resolvePull(raw: RawPullJob, placeOf: PlaceOf): PullJob {
  return {
    type: 'pull',
    name: parseJobId(raw.name),
    hooks: resolvePhaseHooks(raw.hooks),
    connect: resolveConnect(raw.connect, placeOf),
    rootFs: parseDatasetName(raw.root_fs),
    pathMapping: resolvePathMapping(raw.path_mapping),
    intervalMs: raw.interval === 'manual' ? undefined : parseZreplDuration(raw.interval),
    recv: resolveReceive(raw.recv),
    replication: resolveReplication(raw),
    idleMs: resolveIdle(raw.watchdog),
    pruning: resolvePruning(raw.pruning),
  }
}

function resolvePathMapping(raw: RawPullJob['path_mapping'] = []): PullJob['pathMapping'] {
  return parsePathRules(raw.map(({from, to = ''}) => ({from, to})))
}

function resolveFilter(raw: RawPushJob['filesystems']): PushJob['filesystems'] {
  return parseFilter(new Map(Object.entries(raw)))
}

const IDLE_MS = 15 * 60_000

function resolveIdle({idle}: Watchdog = {}): number | undefined {
  if (idle === undefined) return IDLE_MS
  return idle === 'never' ? undefined : parseZreplDuration(idle)
}
