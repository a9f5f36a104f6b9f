import {redacted} from './redact.ts'

/**
 * Every way in which the world can fail us. Stable: scripts read these codes in the JSON report.
 * The exit status of each is in `exit-code.ts`.
 */
export const ERROR_CODES = [
  'usage',
  'config',
  'job-busy',
  'job-stuck',
  'peer-unreachable',
  'peer-protocol',
  'peer-refused',
  'zfs-missing',
  'zfs-failed',
  'zfs-output',
  'dataset-missing',
  'not-permitted',
  'send-failed',
  'receive-failed',
  'receive-not-confirmed',
  'send-policy',
  'receive-policy',
  'key-not-loaded',
  'name-too-long',
  'placeholder',
  'resume',
  'parent-failed',
  'version-gone',
  'snapshot-failed',
  'hook-failed',
  'deadline',
  'host',
  'stalled',
  'large-prune',
  'clock',
] as const

export type ErrorCode = (typeof ERROR_CODES)[number]

/** For codes that come from a peer. */
export function isErrorCode(text: string): text is ErrorCode {
  return (ERROR_CODES as readonly string[]).includes(text)
}

export type ErrorDetail = {
  /** What a person can do now. */
  readonly hint?: string | undefined
  readonly cause?: unknown
  /** The connection or the machine may answer the next time; safe to try again. */
  readonly retryable?: boolean
}

/**
 * The world failed: a command, the peer, a file. The message says what and which object; `hint` says what now.
 * Caught in two places only: per filesystem (becomes a line of the report) and at the top (becomes the exit status).
 */
export class OperationalError extends Error {
  override readonly name = 'OperationalError'
  readonly code: ErrorCode
  readonly hint: string | undefined
  readonly retryable: boolean

  constructor(code: ErrorCode, message: string, detail: ErrorDetail = {}) {
    super(redacted(message), detail.cause === undefined ? undefined : {cause: detail.cause})
    this.code = code
    this.hint = detail.hint === undefined ? undefined : redacted(detail.hint)
    this.retryable = detail.retryable ?? false
  }
}

/**
 * Why a run was told to stop: the `reason` of every abort signal we raise. Nothing is tried again because of it; it ends in
 * the report, beside what was done until then.
 */
export class Stopped extends Error {
  override readonly name = 'Stopped'
}
