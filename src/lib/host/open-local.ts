import type {OpenConnection} from '../core/lane.ts'
import {type Environment, ownEnvironment} from './environment.ts'
import {type LaneOptions, openLaneProcess} from './lane-process.ts'

export type LocalTarget = {
  /** The words after our own executable: `stdinserver IDENTITY --config FILE`. */
  readonly argv: readonly string[]
  /** Words for messages: `local sink`. */
  readonly peer: string
  readonly dialTimeoutMs: number
  readonly ifSilent?: string
}

export type LocalOptions = LaneOptions & {
  readonly environment: Environment
  /** Our own executable; given by tests only. */
  readonly path?: string
}

/** Connections to our own executable as a child on this machine: what sshd would start, without sshd. */
export function openLocal(target: LocalTarget, options: LocalOptions): OpenConnection {
  return async (ctx) =>
    openLaneProcess(
      ctx,
      {...target, path: options.path ?? process.execPath, environment: ownEnvironment(options.environment)},
      options,
    )
}
