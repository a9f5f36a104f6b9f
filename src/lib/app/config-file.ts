import {existsSync} from 'node:fs'
import {type LoadedConfig, loadConfig} from '../config/load.ts'
import {renderDiagnostics} from '../config/render-diagnostic.ts'
import {OperationalError} from '../core/errors.ts'
import {createTrustedFiles} from '../host/trusted-files.ts'

/** Where zrepl looks when no --config is given. */
const DEFAULT_PATHS = ['/etc/zrepl/zrepl.yml', '/usr/local/etc/zrepl/zrepl.yml'] as const

/** The configuration at `path` or at the default place. Throws `config` with all mistakes in its message. */
export function readConfig(path: string | undefined): LoadedConfig {
  const file = path ?? DEFAULT_PATHS.find((path) => existsSync(path))
  if (file === undefined) {
    throw new OperationalError('config', `there is no configuration at ${DEFAULT_PATHS.join(' or ')}`, {hint: 'name one with --config FILE'})
  }
  const loaded = loadConfig(file, createTrustedFiles())
  if ('diagnostics' in loaded) throw new ConfigError(renderDiagnostics(loaded.diagnostics), loaded.diagnostics.length)
  return loaded
}
