import {writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {jobNamed, readConfig} from '../../src/lib/app/config-file.ts'
import {createReceiverOf, createSenderOf, createStages} from '../../src/lib/app/endpoints.ts'
import type {LocalReceiver} from '../../src/lib/endpoint/receiver.ts'
import type {LocalSender} from '../../src/lib/endpoint/sender.ts'
import type {ReplicationPolicy} from '../../src/lib/plan/policy.ts'
import type {World} from './world.ts'

/** What a case configures; the rest of both jobs is the same everywhere. */
export type Jobs = {
  readonly filesystems?: string
  readonly send?: string
  readonly recv?: string
  readonly replication?: string
  readonly conflicts?: string
  readonly rootFs?: string
  /** `filesystems` of a source job of its own, served as `source`. */
  readonly source?: string
}

/** Sections of `replication` for a protection. */
export const PROTECTION = (initial: string, incremental: string = initial) =>
  `{protection: {initial: ${initial}, incremental: ${incremental}}}`

/** Where `path` of the sender lies on the receiver, below the case's dataset. */
export const received = (path: string) => `dst/me/${path}`

/** Writes the configuration of a push job `push` and its sink `sink`, from `$ROOT/src` to `$ROOT/dst`. */
export function writeJobs({root, dir}: World, jobs: Jobs = {}): string {
  const path = join(dir, 'zrepl.yml')
  const text = `jobs:
  - name: push
    type: push
    connect: {type: local, listener_name: sink, client_identity: me}
    filesystems: ${jobs.filesystems ?? `{"${root}/src<": true}`}
    snapshotting: {type: manual}
    send: ${jobs.send ?? '{}'}
    replication: ${jobs.replication ?? '{}'}
    conflict_resolution: ${jobs.conflicts ?? '{}'}
    pruning: {keep_sender: [{type: last_n, count: 100}], keep_receiver: [{type: last_n, count: 100}]}
  - name: sink
    type: sink
    root_fs: ${jobs.rootFs ?? `${root}/dst`}
    path_mapping: [{from: ${root}}]
    recv: ${jobs.recv ?? '{placeholder: {encryption: inherit}}'}
    serve: {type: local, listener_name: sink}
${jobs.source === undefined ? '' : sourceJob(jobs.source)}`
  writeFileSync(path, text, {mode: 0o600})
  return path
}

const sourceJob = (filesystems: string) => `
  - name: source
    type: source
    filesystems: ${filesystems}
    snapshotting: {type: manual}
    send: {}
    serve: {type: local, listener_name: source}
`

/** Both endpoints, as configured. */
export function endpointsOf(
  world: World,
  jobs: Jobs,
): {
  readonly sender: LocalSender
  readonly receiver: LocalReceiver
  readonly policy: ReplicationPolicy
} {
  const config = readConfig(writeJobs(world, jobs), (text) => {
    throw new Error(text)
  })
  const [push, sink] = [jobNamed(config, 'push'), jobNamed(config, 'sink')]
  if (push.type !== 'push' || sink.type !== 'sink') throw new Error('not the jobs that were written')
  const own = {zfs: world.zfs, stages: createStages(undefined)}
  return {
    sender: createSenderOf(push, own),
    receiver: createReceiverOf(sink, 'me', own),
    policy: push.replication,
  }
}
