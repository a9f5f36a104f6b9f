import type {RunPhase, RunState} from './run-state.ts'

/** What a run tells the other processes of this host about itself. Times are milliseconds. */
export type AnnouncedState = {
  readonly version: 1
  readonly pid: number
  /** When that process has started: another one may get its number. Absent where the host does not say. */
  readonly started?: string | undefined
  /** When this was written, wall clock. A run that does not write any more has stopped moving. */
  readonly writtenAtMs: number
  /** When something last went well, by how long the host was up: the wall clock may be put right in between. */
  readonly progressAtUptimeMs: number
  /** How long ago that was when this was written. */
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

/** Who tells, and when: by the run's own clock, by the wall clock, and by how long the host is up. */
export type Announcement = {
  readonly self: Pick<AnnouncedState, 'pid' | 'started'>
  readonly nowMs: number
  readonly wallMs: number
  readonly uptimeMs: number
}

/** What others are told of a state. Its JSON is text for `parseAnnouncedState`. */
export function announce(state: RunState, {self, nowMs, wallMs, uptimeMs}: Announcement): AnnouncedState {
  const quietMs = Math.round(nowMs - state.progressAtMs)
  return {
    version: 1,
    ...self,
    writtenAtMs: wallMs,
    progressAtUptimeMs: uptimeMs - quietMs,
    quietMs,
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
      [
        state.pid,
        state.writtenAtMs,
        state.progressAtUptimeMs,
        state.quietMs,
        state.steps?.planned,
        state.steps?.done,
      ].every((value) => Number.isSafeInteger(value)) &&
      typeof (state.started ?? '') === 'string' &&
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
