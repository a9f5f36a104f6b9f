import {clientJobId, type JobId} from '../abstraction/job-id.ts'
import type {PullJob, PushJob, SinkJob, SnapJob, SourceJob} from '../config/job.ts'
import type {ZfsAccess} from '../config/resolve-zfs-access.ts'
import type {RunContext} from '../core/context.ts'
import {OperationalError} from '../core/errors.ts'
import type {StreamStages} from '../core/stream-stage.ts'
import {NO_FLOOR} from '../endpoint/floor.ts'
import {createLocalReceiver} from '../endpoint/local-receiver.ts'
import {createLocalSender} from '../endpoint/local-sender.ts'
import type {LocalReceiver} from '../endpoint/receiver.ts'
import type {LocalSender} from '../endpoint/sender.ts'
import {findDeathSignal} from '../host/death-signal.ts'
import {createLibrary} from '../host/library.ts'
import {createListingFile} from '../host/listing-file.ts'
import {defaultLockDirectory} from '../host/lock.ts'
import {createPace} from '../host/pace.ts'
import {resolveProgram} from '../host/resolve-program.ts'
import {createRunProgram} from '../host/run-program.ts'
import {defaultStateDirectory} from '../host/state-directory.ts'
import {createStreamStages} from '../host/stream-stages.ts'
import type {SendPolicy} from '../plan/policy.ts'
import {createMapping} from '../scope/mapping.ts'
import type {ZfsClient} from '../zfs/client.ts'
import {NameError} from '../zfs/name.ts'
import type {ListingMemory} from '../zfs-client/listing-memory.ts'
import {noting} from '../zfs-client/noting.ts'
import {createZfsCliClient} from '../zfs-client/zfs-cli-client.ts'
import {createZfsLibraryClient} from '../zfs-client/zfs-library-client.ts'

/** ZFS on this host. Every `zfs` inherits `lockFd`, so that a lock outlives us as long as one of them works. */
export function createZfs({
  lockFd,
  memory,
}: {
  readonly lockFd: number | undefined
  readonly memory?: ListingMemory | undefined
}): ZfsClient {
  return createZfsCliClient(
    createRunProgram({resolve: resolveProgram, lockFd, deathSignal: findDeathSignal()}),
    memory,
  )
}

/** ZFS on this host for a run: streams and changes by libzfs_core, unless `access` says otherwise. Close it. */
export function openZfs(options: {
  readonly lockFd: number | undefined
  readonly access: ZfsAccess
  /** Whose listings are kept from run to run; `undefined`: everything is listed. */
  readonly owner: string | undefined
}): OpenZfs {
  const {lockFd, access, owner} = options
  const memory = owner === undefined ? undefined : memoryOf(owner)
  const remembering = (zfs: ZfsClient) => (memory === undefined ? zfs : noting(zfs, memory))
  const cli = createZfs({lockFd, memory})
  if (access === 'cli') return {zfs: remembering(cli), close: async () => {}}
  const library = createLibrary({required: access === 'library', lockFd})
  return {zfs: remembering(createZfsLibraryClient(library, cli)), close: library.close}
}

/** Where there is no place to mark a listing as lost none is kept. */
function memoryOf(owner: string): ListingMemory | undefined {
  const uid = process.getuid?.() ?? 0
  try {
    const lockDirectory = defaultLockDirectory(uid, process.env)
    return createListingFile({stateDirectory: defaultStateDirectory(uid, process.env), lockDirectory}, owner)
  } catch (error) {
    if (error instanceof OperationalError) return undefined
    throw error
  }
}

export type OpenZfs = {readonly zfs: ZfsClient; close(ctx: RunContext): Promise<void>}

/** The programs between ZFS and a connection. Each inherits `lockFd`. */
export function createStages(lockFd: number | undefined): StreamStages {
  return createStreamStages({lockFd, deathSignal: findDeathSignal()})
}

/** What an endpoint works with on its host. */
export type OwnHost = {readonly zfs: ZfsClient; readonly stages: StreamStages}

/** What a job that does not replicate would send: never asked. */
const NO_SEND: SendPolicy = {
  encrypted: false,
  raw: false,
  sendProperties: false,
  backupProperties: false,
  largeBlocks: false,
  compressed: false,
  embeddedData: false,
  saved: false,
}

/** The sender of a job that owns filesystems; `clientIdentity` is given where it serves a client. */
export function createSenderOf(
  job: PushJob | SourceJob | SnapJob,
  {zfs, stages}: OwnHost,
  clientIdentity?: string,
): LocalSender {
  const perClient = job.type === 'source' && job.jobIdPerClient && clientIdentity !== undefined
  const limit = job.type === 'snap' ? undefined : job.send.bandwidthLimit
  return createLocalSender(zfs, {
    jobId: perClient ? jobIdFor(job.name, clientIdentity) : job.name,
    filter: job.filesystems,
    send: job.type === 'snap' ? NO_SEND : job.send,
    floor: job.type === 'source' ? job.floor : NO_FLOOR,
    pace: limit && createPace(limit),
    stages,
  })
}

function jobIdFor(job: JobId, clientIdentity: string): JobId {
  try {
    return clientJobId(job, clientIdentity)
  } catch (error) {
    if (!(error instanceof NameError)) throw error
    throw new OperationalError('config', `job_id_per_client: ${error.message}`, {
      hint: 'give the job or its client a shorter name',
    })
  }
}

/** The receiver of a job that owns a root_fs; `clientIdentity` is `undefined` for a pull job. */
export function createReceiverOf(
  job: SinkJob | PullJob,
  clientIdentity: string | undefined,
  {zfs, stages}: OwnHost,
): LocalReceiver {
  return createLocalReceiver(zfs, {
    jobId: job.name,
    rootFs: job.rootFs,
    mapping: createMapping(job.rootFs, clientIdentity, job.pathMapping),
    recv: job.recv,
    floor: job.type === 'sink' ? job.floor : NO_FLOOR,
    pace: job.recv.bandwidthLimit && createPace(job.recv.bandwidthLimit),
    stages,
  })
}
