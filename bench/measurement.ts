/** One run of one way to do the work of a row of the table. */
export type Measurement = {
  readonly row: string
  /** Who did it. A row's reference are the bare commands, which come first. */
  readonly what: string
  readonly wallMs: number
  /** Programs that were started on the whole guest, those of sshd included. */
  readonly programs: number
  /** Processor time of all processes of zrepl, on both sides. */
  readonly cpuMs: number
  /** Connections that sshd took. */
  readonly connections: number
  /** Requests that were answered, by the trace of a run that was traced. */
  readonly roundTrips?: number
}

/** What is to be measured: the guest's argument. */
export type Wishes = {
  readonly filesystems: number
  readonly megabytes: number
  /** How often the rows are measured that can be repeated. */
  readonly rounds: number
  readonly rivals: readonly Rival[]
}

export const RIVALS = ['bzfs', 'syncoid'] as const
export type Rival = (typeof RIVALS)[number]
