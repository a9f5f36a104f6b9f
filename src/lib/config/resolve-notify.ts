import type {Global, Notify as RawNotify} from '../../generated/config-types.ts'
import {unreachable} from '../core/assert.ts'
import {parseGoDuration} from '../core/units.ts'

/** Somebody who is told how runs end. */
export type Notify = (CommandNotify | HealthcheckNotify) & {
  /** `undefined`: of all jobs. */
  readonly jobs: readonly string[] | undefined
  readonly timeoutMs: number
}

export type CommandNotify = {
  readonly type: 'command'
  readonly path: string
  readonly args: readonly string[]
  readonly when: 'always' | 'change' | 'failure'
}

export type HealthcheckNotify = {
  readonly type: 'healthcheck'
  /** Without a slash at its end. */
  readonly url: string
}

/** `global.notify` with its defaults. */
export function resolveNotify(raw: Global = {}): readonly Notify[] {
  return (raw.notify ?? []).map(resolveOne)
}

function resolveOne(raw: RawNotify): Notify {
  const common = {jobs: raw.jobs, timeoutMs: parseGoDuration(raw.timeout ?? '30s')}
  switch (raw.type) {
    case 'command':
      return {type: raw.type, path: raw.path, args: raw.args ?? [], when: raw.when ?? 'failure', ...common}
    case 'healthcheck':
      return {type: raw.type, url: raw.url.replace(/\/+$/, ''), ...common}
    default:
      return unreachable(raw)
  }
}
