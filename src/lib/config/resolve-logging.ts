import type {Global} from '../../generated/config-types.ts'
import type {LogLevel} from '../core/context.ts'

/** How the program tells what it does while it runs. */
export type Logging = {readonly level: LogLevel; readonly format: 'human' | 'logfmt' | 'json'}

/** `global.logging`, of which only the stdout outlet is heeded; zrepl's defaults where there is none. */
export function resolveLogging(raw: Global = {}): Logging {
  const outlet = raw.logging?.find(({type}) => type === 'stdout')
  return {level: outlet?.level ?? 'warn', format: outlet?.format ?? 'human'}
}
