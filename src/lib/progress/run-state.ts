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
  readonly steps: {readonly planned: number; readonly done: number; readonly failed: number}
  /** What is being sent at this moment. */
  readonly streams: ReadonlyMap<DatasetName, RunningStream>
  /** What ZFS expects all steps to move; `undefined` when it was not asked. */
  readonly expectedBytes: bigint | undefined
  readonly moved: Moved
}

/** What has moved, as far as this host can count it; neither ever goes down. */
export type MovedBytes = {
  /** Of streams, for people. */
  readonly stream: bigint
  /** Of everything that works for this run: while it grows, something moves. */
  readonly any: bigint
}

export type Moved = {
  /** Of streams. */
  readonly bytes: bigint
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
}

/** A transition of the state: what it was and when it happens, in; what it is, out. */
export type Transition = (state: RunState, nowMs: number) => RunState

export function initialState(nowMs: number): RunState {
  return {
    phase: 'begin',
    progressAtMs: nowMs,
    error: undefined,
    steps: {planned: 0, done: 0, failed: 0},
    streams: new Map(),
    expectedBytes: undefined,
    moved: {bytes: 0n, provenBytes: 0n, countedAtMs: nowMs, bytesPerSecond: 0},
  }
}

/** A phase begins. */
export function entered(phase: RunPhase): Transition {
  return (state, nowMs) => progressed({...state, phase}, nowMs)
}

/** So many steps are going to be done, and will move so many bytes if somebody has asked. */
export function planned(steps: number, expectedBytes: bigint | undefined): Transition {
  return (state, nowMs) =>
    progressed({...state, expectedBytes, steps: {...state.steps, planned: steps}}, nowMs)
}

/**
 * A step's stream is about to begin; `step` is words: `@a -> @b`. To try is no progress: a run that goes from one failing
 * step to the next tries all the time.
 */
export function streamBegan(filesystem: DatasetName, step: string): Transition {
  return (state, nowMs) => ({
    ...state,
    streams: new Map(state.streams).set(filesystem, {step, beganAtMs: nowMs}),
  })
}

/** A step's stream has ended, however it ended: that alone is no progress. */
export function streamEnded(filesystem: DatasetName): Transition {
  return (state) => {
    const streams = new Map(state.streams)
    streams.delete(filesystem)
    return {...state, streams}
  }
}

export function stepDone(state: RunState, nowMs: number): RunState {
  return progressed({...state, steps: {...state.steps, done: state.steps.done + 1}}, nowMs)
}

/** A step's failure: it is noted, and the clock of progress runs on. */
export function stepFailed(error: string): Transition {
  return (state) => ({...state, error, steps: {...state.steps, failed: state.steps.failed + 1}})
}

/** A failure of anything else. */
export function wentWrong(error: string): Transition {
  return (state) => ({...state, error})
}

/** So little is read and written beside streams, by keep-alives for instance, that it proves nothing. */
const NOISE_BYTES = 64n * 1024n

/** How much the newest count says about the rate that people see. */
const RATE_WEIGHT = 0.3

/** So much has moved in all since the run began. */
export function bytesMoved({stream: bytes, any}: MovedBytes): Transition {
  return (state, nowMs) => {
    const {moved} = state
    const elapsedMs = Math.max(1, nowMs - moved.countedAtMs)
    const rate = (Number(bytes - moved.bytes) * 1000) / elapsedMs
    const isProgress = any - moved.provenBytes >= NOISE_BYTES
    const counted: RunState = {
      ...state,
      moved: {
        bytes,
        provenBytes: isProgress ? any : moved.provenBytes,
        countedAtMs: nowMs,
        bytesPerSecond: moved.bytesPerSecond + RATE_WEIGHT * (rate - moved.bytesPerSecond),
      },
    }
    return isProgress ? progressed(counted, nowMs) : counted
  }
}

/** Something went well that has no transition of its own. */
export function progressed(state: RunState, nowMs: number): RunState {
  return {...state, progressAtMs: nowMs, error: undefined}
}
