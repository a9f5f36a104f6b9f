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
  /** Bytes of streams so far, as far as this host can count them. */
  readonly movedBytes: bigint
}

export type RunningStream = {
  /** `@a -> @b`. */
  readonly step: string
  readonly beganAtMs: number
  /** What ZFS estimates, if it was asked. */
  readonly expectedBytes: bigint | undefined
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
    movedBytes: 0n,
  }
}

/** A phase begins. */
export function entered(phase: RunPhase): Transition {
  return (state, nowMs) => progressed({...state, phase}, nowMs)
}

/** So many steps are going to be done. */
export function planned(steps: number): Transition {
  return (state, nowMs) => progressed({...state, steps: {...state.steps, planned: steps}}, nowMs)
}

/** A step's stream is about to begin. */
export function streamBegan(filesystem: DatasetName, stream: Omit<RunningStream, 'beganAtMs'>): Transition {
  return (state, nowMs) =>
    progressed(
      {...state, streams: new Map(state.streams).set(filesystem, {...stream, beganAtMs: nowMs})},
      nowMs,
    )
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

/** A failure: it is noted, and the clock of progress runs on. */
export function stepFailed(error: string): Transition {
  return (state) => ({...state, error, steps: {...state.steps, failed: state.steps.failed + 1}})
}

/** So little is read and written beside streams, by keep-alives for instance, that it proves nothing. */
const NOISE_BYTES = 64n * 1024n

/** Streams have moved `movedBytes` in all since the run began. */
export function bytesMoved(movedBytes: bigint): Transition {
  return (state, nowMs) =>
    movedBytes - state.movedBytes < NOISE_BYTES ? state : progressed({...state, movedBytes}, nowMs)
}

/** Something went well that has no transition of its own. */
export function progressed(state: RunState, nowMs: number): RunState {
  return {...state, progressAtMs: nowMs, error: undefined}
}
