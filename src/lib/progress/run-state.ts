import type {DatasetName} from '../zfs/name.ts'

/** Where a run is. Pruning is told apart by side: the other host's can get stuck in ways that ours cannot. */
export type RunPhase = 'begin' | 'snapshot' | 'replicate' | 'prune-sender' | 'prune-receiver'

/** How a run comes on. Times are of the monotonic clock, milliseconds. */
export type RunState = {
  readonly phase: RunPhase
  /** When something last went well, or bytes of a stream moved. Failures never count: they could go on for ever. */
  readonly progressAtMs: number
  /** The last failure, unless something has gone well since. */
  readonly error: string | undefined
  /** How many streams have begun since something last went well. */
  readonly attempts: number
  /** Every filesystem of the plan, in the order of the plan. */
  readonly filesystems: ReadonlyMap<DatasetName, FilesystemProgress>
  /** What is being sent at this moment. */
  readonly streams: ReadonlyMap<DatasetName, RunningStream>
  readonly moved: Moved
}

/** How far a filesystem has come. */
export type FilesystemProgress = {
  /** What the plan has for it; 0 where it is up to date. */
  readonly steps: number
  readonly doneSteps: number
  /** What ZFS expects all its steps to move; `undefined` when it was not asked, or does not know. */
  readonly expectedBytes: bigint | undefined
  /** What its streams have moved; `undefined` once that of one of them could not be counted by itself. */
  readonly movedBytes: bigint | undefined
  /** Why nothing more is done for it. */
  readonly error: string | undefined
}

/** What has moved, as far as this host can count it; neither ever goes down. */
export type MovedBytes = {
  /** Of streams, for people. */
  readonly stream: bigint
  /** Of everything that works for this run: while it grows, something moves. */
  readonly any: bigint
  /** Of the connection that each process carries, by its number; without those of which nobody can count it. */
  readonly byCarrier: ReadonlyMap<number, bigint>
}

export type Moved = {
  /** Of streams. */
  readonly bytes: bigint
  readonly byCarrier: MovedBytes['byCarrier']
  /** How much of everything there was when that last counted as progress. */
  readonly provenBytes: bigint
  readonly countedAtMs: number
  /** Of the last seconds, for people. */
  readonly bytesPerSecond: number
}

export type RunningStream = {
  /** `@a -> @b`. */
  readonly step: string
  readonly beganAtMs: number
  /** The process whose connection it goes over. */
  readonly carrier: number | undefined
}

/** A transition of the state: what it was and when it happens, in; what it is, out. */
export type Transition = (state: RunState, nowMs: number) => RunState

export function initialState(nowMs: number): RunState {
  return {
    phase: 'begin',
    progressAtMs: nowMs,
    error: undefined,
    attempts: 0,
    filesystems: new Map(),
    streams: new Map(),
    moved: {bytes: 0n, byCarrier: new Map(), provenBytes: 0n, countedAtMs: nowMs, bytesPerSecond: 0},
  }
}

/** A phase begins. */
export function entered(phase: RunPhase): Transition {
  return (state, nowMs) => progressed({...state, phase}, nowMs)
}

/** What is to be done for a filesystem, or why nothing can be. */
export type PlannedProgress = Pick<FilesystemProgress, 'steps' | 'expectedBytes' | 'error'>

/** It is decided what is going to be done. */
export function planned(filesystems: ReadonlyMap<DatasetName, PlannedProgress>): Transition {
  const nothingYet = new Map(
    Array.from(filesystems, ([name, plan]) => [name, {...plan, doneSteps: 0, movedBytes: 0n}]),
  )
  return (state, nowMs) => progressed({...state, filesystems: nothingYet}, nowMs)
}

/**
 * A step's stream is about to begin; `step` is words: `@a -> @b`. To try is no progress: a run that goes from one failing
 * step to the next tries all the time.
 */
export function streamBegan(
  filesystem: DatasetName,
  step: string,
  carrier: RunningStream['carrier'],
): Transition {
  return (state, nowMs) => {
    const streams = new Map(state.streams).set(filesystem, {step, beganAtMs: nowMs, carrier})
    return {...state, streams, attempts: state.attempts + 1}
  }
}

/** A step's stream has ended, however it ended: that alone is no progress. */
export function streamEnded(filesystem: DatasetName): Transition {
  return (state) => {
    const streams = new Map(state.streams)
    streams.delete(filesystem)
    return {...state, streams}
  }
}

export function stepDone(filesystem: DatasetName): Transition {
  return (state, nowMs) => {
    const filesystems = changeFilesystem(state.filesystems, filesystem, (one) => ({
      ...one,
      doneSteps: one.doneSteps + 1,
    }))
    return progressed({...state, filesystems}, nowMs)
  }
}

/** A failure, after which nothing more is done for the filesystem: it is noted, and the clock of progress runs on. */
export function stepFailed(filesystem: DatasetName, error: string): Transition {
  return (state) => ({...notBegun(filesystem, error)(state), error})
}

/** Nothing is done for the filesystem because of what has failed before. */
export function notBegun(filesystem: DatasetName, error: string): (state: RunState) => RunState {
  return (state) => ({
    ...state,
    filesystems: changeFilesystem(state.filesystems, filesystem, (one) => ({...one, error})),
  })
}

function changeFilesystem(
  filesystems: RunState['filesystems'],
  filesystem: DatasetName,
  change: (one: FilesystemProgress) => FilesystemProgress,
): RunState['filesystems'] {
  const one = filesystems.get(filesystem)
  return one === undefined ? filesystems : new Map(filesystems).set(filesystem, change(one))
}

/** A failure of anything else. */
export function wentWrong(error: string): Transition {
  return (state) => ({...state, error})
}

/** What is read and written around a stream: programs that start, requests and answers. It proves nothing. */
const ATTEMPT_BYTES = 64 * 1024

/** What keeps one connection alive, read and written, bytes a second: a short frame every five seconds each way. */
const KEEPALIVE_RATE = 128

/** How much of everything moves when no stream does, since something last went well. */
function noise({attempts, progressAtMs}: RunState, {byCarrier}: MovedBytes, nowMs: number): bigint {
  const keepalive = KEEPALIVE_RATE * byCarrier.size * ((nowMs - progressAtMs) / 1000)
  return BigInt(Math.max(1, attempts) * ATTEMPT_BYTES + Math.round(keepalive))
}

/** How much the newest count says about the rate that people see. */
const RATE_WEIGHT = 0.3

/** What has moved while no stream was under way is of none of them, and no progress. */
export function movedBetween({any, byCarrier}: MovedBytes): Transition {
  return (state) => ({...state, moved: {...state.moved, byCarrier, provenBytes: any}})
}

/** So much has moved in all since the run began. */
export function bytesMoved(now: MovedBytes): Transition {
  const {stream: bytes, any, byCarrier} = now
  return (state, nowMs) => {
    const {moved} = state
    const elapsedMs = Math.max(1, nowMs - moved.countedAtMs)
    const rate = (Number(bytes - moved.bytes) * 1000) / elapsedMs
    const isProgress = any - moved.provenBytes >= noise(state, now, nowMs)
    const counted: RunState = {
      ...state,
      filesystems: credited(state, now),
      moved: {
        bytes,
        byCarrier,
        provenBytes: isProgress ? any : moved.provenBytes,
        countedAtMs: nowMs,
        bytesPerSecond: moved.bytesPerSecond + RATE_WEIGHT * (rate - moved.bytesPerSecond),
      },
    }
    return isProgress ? progressed(counted, nowMs) : counted
  }
}

/**
 * Each stream has moved what its connection has carried since the last count; a little of that may be of the one before. Where
 * nobody can count it, the only stream there is has moved everything.
 */
function credited({filesystems, streams, moved}: RunState, now: MovedBytes): RunState['filesystems'] {
  const carriedBy = (carrier: number) => {
    const bytes = now.byCarrier.get(carrier)
    return bytes === undefined ? undefined : bytes - (moved.byCarrier.get(carrier) ?? 0n)
  }
  const byOnlyOne = streams.size === 1 ? now.stream - moved.bytes : undefined
  return Array.from(streams).reduce((changed, [name, {carrier}]) => {
    const bytes = (carrier === undefined ? undefined : carriedBy(carrier)) ?? byOnlyOne
    return bytes === 0n ? changed : changeFilesystem(changed, name, (one) => withMoved(one, bytes))
  }, filesystems)
}

function withMoved(one: FilesystemProgress, bytes: bigint | undefined): FilesystemProgress {
  const before = one.movedBytes
  return {...one, movedBytes: before === undefined || bytes === undefined ? undefined : before + bytes}
}

/** Something went well that has no transition of its own. */
export function progressed(state: RunState, nowMs: number): RunState {
  return {...state, progressAtMs: nowMs, error: undefined, attempts: 0}
}
