import type {RunPhase, RunState} from './run-state.ts'

/** What a run tells the other processes of this host about itself. Times are milliseconds. */
export type AnnouncedState = {
  readonly version: 1
  readonly pid: number
  /** When this was written, wall clock. A run that does not write any more has stopped moving. */
  readonly writtenAtMs: number
  /** How long ago something had gone well then. */
  readonly quietMs: number
  readonly phase: RunPhase
  readonly error?: string
  readonly steps: RunState['steps']
  readonly movedBytes: string
  readonly expectedBytes?: string
  readonly bytesPerSecond: number
  readonly streams: readonly AnnouncedStream[]
}

export type AnnouncedStream = {
  readonly filesystem: string
  readonly step: string
  readonly forMs: number
}

/** What others are told of a state. Its JSON is text for `parseAnnouncedState`. */
export function announce(
  state: RunState,
  {pid, nowMs, wallMs}: {readonly pid: number; readonly nowMs: number; readonly wallMs: number},
): AnnouncedState {
  return {
    version: 1,
    pid,
    writtenAtMs: wallMs,
    quietMs: Math.round(nowMs - state.progressAtMs),
    phase: state.phase,
    ...(state.error === undefined ? {} : {error: state.error}),
    steps: state.steps,
    movedBytes: state.moved.bytes.toString(),
    ...(state.expectedBytes === undefined ? {} : {expectedBytes: state.expectedBytes.toString()}),
    bytesPerSecond: Math.round(state.moved.bytesPerSecond),
    streams: Array.from(state.streams, ([filesystem, {step, beganAtMs}]) => ({
      filesystem,
      step,
      forMs: Math.round(nowMs - beganAtMs),
    })),
  }
}

/** What a run has announced; `undefined` for anything that is not understood. Only waiting and cancelling depend on it. */
export function parseAnnouncedState(text: string): AnnouncedState | undefined {
  try {
    const state: Partial<AnnouncedState> = JSON.parse(text)
    const isOne =
      state.version === 1 &&
      [state.pid, state.writtenAtMs, state.quietMs, state.steps?.planned, state.steps?.done].every((value) =>
        Number.isSafeInteger(value),
      ) &&
      typeof state.phase === 'string' &&
      [state.movedBytes, state.expectedBytes ?? '0'].every(
        (value) => typeof value === 'string' && /^\d{1,20}$/.test(value),
      ) &&
      typeof state.bytesPerSecond === 'number' &&
      Array.isArray(state.streams)
    return isOne ? (state as AnnouncedState) : undefined
  } catch {
    return undefined
  }
}
