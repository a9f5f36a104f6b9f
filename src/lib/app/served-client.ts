import type {PassiveJob} from '../config/job.ts'
import {type LogOutlet, resolveLogging} from '../config/resolve-logging.ts'
import {OperationalError} from '../core/errors.ts'
import {quoted} from '../core/printable.ts'
import type {Served} from '../rpc/serve.ts'
import {type ConfigFile, readConfig} from './config-file.ts'
import {createReceiverOf, createSenderOf, createStages, type OpenZfs, openZfs} from './endpoints.ts'
import {jobAtListener} from './local-listener.ts'

/** What the forced command was started with. */
export type Words = {
  readonly identity: string
  readonly config: string | undefined
  readonly listener: string | undefined
}

export type ServedClient = Pick<OpenZfs, 'close'> & {
  readonly served: Served
  /** What is wrong with the configuration, a line each: for the log of this host only. */
  readonly mistakes: readonly string[]
  /** Where this side logs to. */
  readonly logging: readonly LogOutlet[]
}

/** The endpoint for this client, or the reason why it gets none: told in the protocol, where the client can read it. */
export function servedTo(words: Words): ServedClient {
  let logging: readonly LogOutlet[] = WHILE_UNKNOWN
  const mistakes: string[] = []
  try {
    const file = readConfig(words.config, (text) => mistakes.push(...text.trimEnd().split('\n')))
    logging = file.logging
    const job = jobFor(file, words)
    const owner = ownerOf(job, words.identity)
    const {zfs, close} = openZfs({lockFd: undefined, access: file.zfsAccess, owner})
    const own = {zfs, stages: createStages(undefined)}
    const served: Served =
      job.type === 'source'
        ? {kind: 'sender', sender: createSenderOf(job, own, words.identity)}
        : {kind: 'receiver', receiver: createReceiverOf(job, words.identity, own)}
    return {served, close, mistakes, logging}
  } catch (error) {
    if (!(error instanceof OperationalError)) throw error
    const isOurs = error.code === 'config'
    if (isOurs) mistakes.push(error.message)
    const served = {kind: 'refused', error: isOurs ? hidden(error) : error} as const
    return {served, close: async () => {}, mistakes, logging}
  }
}

/** Where the log goes while nobody knows what the configuration says of it: stderr is the client's. */
const WHILE_UNKNOWN: readonly LogOutlet[] = resolveLogging({logging: [{type: 'syslog'}]})

/** Each client of a job has its own part of the pools, and may be served at the same time as the others. */
function ownerOf({name}: PassiveJob, identity: string): string {
  return `${name}\n${identity}`
}

/** The one sink or source job that serves this client. */
function jobFor(config: ConfigFile, {identity, listener}: Words): PassiveJob {
  if (listener !== undefined) return jobAtListener(config.jobs, listener)
  const jobs = config.jobs.filter((job) => job.type === 'sink' || job.type === 'source')
  const serving = jobs.filter(
    ({serve}) => serve.type === 'stdinserver' && serve.clientIdentities.includes(identity),
  )
  const [job, other] = serving
  if (job === undefined) {
    throw new OperationalError('peer-refused', `client identity ${quoted(identity)} is not served here`, {
      hint: 'add it to serve.client_identities of a sink or source job on the serving side',
    })
  }
  if (other === undefined) return job
  throw new OperationalError(
    'peer-refused',
    `client identity ${quoted(identity)} is served by two jobs: ${quoted(job.name)} and ${quoted(other.name)}`,
    {
      hint: 'give each job identities of its own',
    },
  )
}

/** Details of the configuration are for the log of this side, not for the client. */
function hidden(error: OperationalError): OperationalError {
  return new OperationalError('peer-refused', 'the configuration of the serving side cannot be used', {
    hint: 'run zrepl configcheck there',
    cause: error,
  })
}
