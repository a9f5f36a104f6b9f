import {quoted} from '../core/printable.ts'
import {formatBytes, formatDuration} from '../core/units.ts'
import type {RunState} from './run-state.ts'

/**
 * Why a run whose streams are under way has to be stopped: for `idleMs` nothing has gone well and no byte has moved.
 * `undefined` while all is well.
 */
export function stallOf(state: RunState, idleMs: number, nowMs: number): string | undefined {
  const quietMs = nowMs - state.progressAtMs
  if (quietMs < idleMs) return undefined
  const streams = Array.from(state.streams, ([filesystem, {step}]) => `${quoted(filesystem)} ${step}`)
  return `no progress for ${formatDuration(quietMs)}, after ${formatBytes(state.moved.bytes)}: ${streams.join(', ')}`
}
