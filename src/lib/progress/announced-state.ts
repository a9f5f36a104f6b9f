import type {FilesystemProgress, RunningStream, RunPhase, RunState} from './run-state.ts'

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
  readonly steps: {readonly planned: number; readonly done: number}
  readonly movedBytes: string
  /** What all steps will move; absent unless it is known of each. */
  readonly expectedBytes?: string
  readonly bytesPerSecond: number
  /** How many of the plan's filesystems are in which state. */
  readonly counts: Readonly<Record<FilesystemState, number>>
  /** Those that somebody who looks wants to see first; not all of them where there are many. */
  readonly filesystems: readonly AnnouncedFilesystem[]
}

/** In the order in which people look for them. */
export const FILESYSTEM_STATES = ['replicating', 'failed', 'waiting', 'done', 'up-to-date'] as const

export type FilesystemState = (typeof FILESYSTEM_STATES)[number]

export type AnnouncedFilesystem = {
  readonly filesystem: string
  readonly state: FilesystemState
  readonly steps: number
  readonly doneSteps: number
  /** The step that is under way, in words, and since when. */
  readonly step?: string
  readonly forMs?: number
  readonly movedBytes?: string
  readonly expectedBytes?: string
  readonly error?: string
}

/** The file is written every other second: it does not grow with the pool. */
const MOST_FILESYSTEMS = 200

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
  const all = Array.from(state.filesystems, ([name, progress]) => ({
    filesystem: name,
    state: stateOf(progress, state.streams.has(name)),
    progress,
  }))
  const ordered = FILESYSTEM_STATES.map((wanted) => all.filter(({state}) => state === wanted))
  const counts = ordered.map((some, index) => [FILESYSTEM_STATES[index], some.length] as const)
  const expected = sum(all.map(({progress}) => stillExpected(progress)))
  return {
    version: 1,
    ...self,
    writtenAtMs: wallMs,
    progressAtUptimeMs: uptimeMs - quietMs,
    quietMs,
    phase: state.phase,
    ...(state.error === undefined ? {} : {error: state.error}),
    steps: {
      planned: all.reduce((sum, {progress}) => sum + progress.steps, 0),
      done: all.reduce((sum, {progress}) => sum + progress.doneSteps, 0),
    },
    movedBytes: state.moved.bytes.toString(),
    ...(expected === undefined ? {} : {expectedBytes: expected.toString()}),
    bytesPerSecond: Math.round(state.moved.bytesPerSecond),
    counts: Object.fromEntries(counts) as AnnouncedState['counts'],
    filesystems: ordered
      .flat()
      .slice(0, MOST_FILESYSTEMS)
      .map(({filesystem, ...one}) => ({
        filesystem,
        state: one.state,
        ...announcedProgress(one.progress),
        ...announcedStream(state.streams.get(filesystem), nowMs),
      })),
  }
}

function announcedProgress({steps, doneSteps, movedBytes, expectedBytes, error}: FilesystemProgress) {
  return {
    steps,
    doneSteps,
    ...(movedBytes === undefined || steps === 0 ? {} : {movedBytes: movedBytes.toString()}),
    ...(expectedBytes === undefined || steps === 0 ? {} : {expectedBytes: expectedBytes.toString()}),
    ...(error === undefined ? {} : {error}),
  }
}

function announcedStream(stream: RunningStream | undefined, nowMs: number) {
  return stream === undefined ? {} : {step: stream.step, forMs: Math.round(nowMs - stream.beganAtMs)}
}

function stateOf({steps, doneSteps, error}: FilesystemProgress, isStreaming: boolean): FilesystemState {
  if (error !== undefined) return 'failed'
  if (isStreaming) return 'replicating'
  if (steps === 0) return 'up-to-date'
  if (doneSteps === steps) return 'done'
  return doneSteps === 0 ? 'waiting' : 'replicating'
}

/** What a filesystem that has failed has not moved will not come any more. */
function stillExpected({error, expectedBytes, movedBytes}: FilesystemProgress): bigint | undefined {
  return error === undefined ? expectedBytes : (movedBytes ?? 0n)
}

/** `undefined` unless all are known. */
function sum(values: readonly (bigint | undefined)[]): bigint | undefined {
  return values.reduce<bigint | undefined>(
    (sum, value) => (sum === undefined || value === undefined ? undefined : sum + value),
    0n,
  )
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
      isBytes(state.movedBytes) &&
      isBytes(state.expectedBytes ?? '0') &&
      typeof state.bytesPerSecond === 'number' &&
      FILESYSTEM_STATES.every((name) => Number.isSafeInteger(state.counts?.[name])) &&
      Array.isArray(state.filesystems) &&
      state.filesystems.every(isFilesystem)
    return isOne ? (state as AnnouncedState) : undefined
  } catch {
    return undefined
  }
}

function isFilesystem(one: Partial<AnnouncedFilesystem>): boolean {
  return (
    typeof one.filesystem === 'string' &&
    FILESYSTEM_STATES.some((state) => state === one.state) &&
    [one.steps, one.doneSteps, one.forMs ?? 0].every((value) => Number.isSafeInteger(value)) &&
    [one.step ?? '', one.error ?? ''].every((value) => typeof value === 'string') &&
    isBytes(one.movedBytes ?? '0') &&
    isBytes(one.expectedBytes ?? '0')
  )
}

function isBytes(value: unknown): boolean {
  return typeof value === 'string' && /^\d{1,20}$/.test(value)
}
