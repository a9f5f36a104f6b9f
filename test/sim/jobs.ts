import type {PullJob, PushJob, SinkJob, SourceJob} from '../../src/lib/config/job.ts'
import {loadConfig} from '../../src/lib/config/load.ts'
import type {WorldOptions} from './options.ts'

/** Names that the invariants know as well. */
export const SENDER_JOB = 'offsite'
export const RECEIVER_JOB = 'backups'
export const CLIENT = 'prod'
export const ROOT_FS = 'vault/backups'
export const PREFIX = 'zrepl_'
/** How many snapshots the rules keep on each side. */
export const KEPT = {sender: 2, receiver: 3} as const

export type JobPair =
  | {readonly active: PushJob; readonly passive: SinkJob}
  | {readonly active: PullJob; readonly passive: SourceJob}

/** The jobs of both sides, read from a configuration as anybody would write it. */
export function jobsOf(options: WorldOptions): JobPair {
  const yaml = configOf(options)
  const known = KNOWN_JOBS.get(yaml)
  if (known !== undefined) return known
  const jobs = load(yaml)
  KNOWN_JOBS.set(yaml, jobs)
  return jobs
}

const KNOWN_JOBS = new Map<string, JobPair>()

/** The configuration of both sides. */
export function configOf(options: WorldOptions): string {
  const usual = options.direction === 'push' ? pushConfig(options) : pullConfig(options)
  return options.rewritten.reduce((text, [find, replace]) => {
    if (!text.includes(find)) throw new Error(`no ${find} in the configuration`)
    return text.replace(find, () => replace)
  }, usual)
}

function load(yaml: string): JobPair {
  const loaded = loadConfig('sim.yml', {
    read: () => ({text: yaml}),
    list: () => ({names: []}),
  })
  if ('diagnostics' in loaded) throw new Error(loaded.diagnostics.map(({message}) => message).join('; '))
  const [active, passive] = loaded.jobs
  if (active?.type === 'push' && passive?.type === 'sink') return {active, passive}
  if (active?.type === 'pull' && passive?.type === 'source') return {active, passive}
  throw new Error('not the two jobs that were written')
}

function pushConfig(options: WorldOptions): string {
  return `jobs:
  - name: ${SENDER_JOB}
    type: push
    connect: {type: local, listener_name: sim, client_identity: ${CLIENT}}
${filesystems()}
${snapshotting()}
${replication(options)}
${pruning(options)}
  - name: ${RECEIVER_JOB}
    type: sink
    serve: {type: local, listener_name: sim}
${receiving()}
`
}

function pullConfig(options: WorldOptions): string {
  return `jobs:
  - name: ${RECEIVER_JOB}
    type: pull
    connect: {type: local, listener_name: sim, client_identity: ${CLIENT}}
    interval: manual
${receiving()}
${replication(options)}
${pruning(options)}
  - name: ${SENDER_JOB}
    type: source
    serve: {type: local, listener_name: sim}
${filesystems()}
${snapshotting()}
`
}

function filesystems(): string {
  return `    filesystems: {"tank/data<": true}
    send: {compressed: true}`
}

function snapshotting(): string {
  return `    snapshotting: {type: periodic, prefix: ${PREFIX}, interval: 1h}`
}

function receiving(): string {
  return `    root_fs: ${ROOT_FS}
    recv: {placeholder: {encryption: inherit}}`
}

function replication(options: WorldOptions): string {
  const {initialReplication, diverged, protection, concurrentSteps, compressed} = options
  return `    conflict_resolution: {initial_replication: ${initialReplication}, diverged: ${diverged}}
    replication:
      protection: {initial: ${protection.initial}, incremental: ${protection.incremental}}
      concurrency: {steps: ${concurrentSteps}}${compressed ? '\n      compression: {type: zstd}' : ''}`
}

function pruning({retention}: WorldOptions): string {
  const more = retention === 'years' ? YEARS : ''
  return `    pruning:
      keep_sender:
        - type: not_replicated
        - {type: last_n, count: ${KEPT.sender}}${more}
      keep_receiver:
        - {type: last_n, count: ${KEPT.receiver}}${more}`
}

const YEARS = `
        - {type: grid, grid: "1x6h(keep=all) | 12x1h | 7x1d", regex: "^${PREFIX}"}
        - {type: calendar, daily: 7, weekly: 4, monthly: 6, location: Europe/Berlin, regex: "^${PREFIX}"}`
