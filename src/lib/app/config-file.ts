import {existsSync} from 'node:fs'
import {resolve} from 'node:path'
import {findJob} from '../config/find-job.ts'
import type {Job} from '../config/job.ts'
import {type LoadedConfig, loadConfig} from '../config/load.ts'
import {renderDiagnostics} from '../config/render-diagnostic.ts'
import {OperationalError} from '../core/errors.ts'
import {quoted} from '../core/printable.ts'
import {createTrustedFiles} from '../host/trusted-files.ts'

/** Where zrepl looks when no --config is given. */
const DEFAULT_PATHS = ['/etc/zrepl/zrepl.yml', '/usr/local/etc/zrepl/zrepl.yml'] as const

/** A configuration that can be used, and the absolute path of its main file. */
export type ConfigFile = LoadedConfig & {readonly path: string}

/**
 * Reads the configuration at `path` or at the default place. Throws `config` after all mistakes were given to
 * `printError`, each with its place.
 */
export function readConfig(path: string | undefined, printError: (text: string) => void): ConfigFile {
  const found = path ?? DEFAULT_PATHS.find((path) => existsSync(path))
  if (found === undefined) {
    throw new OperationalError('config', `there is no configuration at ${DEFAULT_PATHS.join(' or ')}`, {
      hint: 'name one with --config FILE',
    })
  }
  const file = resolve(found)
  const loaded = loadConfig(file, createTrustedFiles())
  if (!('diagnostics' in loaded)) return {...loaded, path: file}
  printError(renderDiagnostics(loaded.diagnostics))
  const mistakes = loaded.diagnostics.filter(({severity}) => severity === 'error').length
  throw new OperationalError(
    'config',
    `${mistakes} ${mistakes === 1 ? 'mistake' : 'mistakes'} in ${quoted(file)}`,
  )
}

/** The job of this name. Throws `usage` with the names that are near, or all. */
export function jobNamed(config: LoadedConfig, name: string): Job {
  const found = findJob(config, name)
  if (found.kind === 'found') return found.job
  const near = found.nearest.length > 0
  const names = (near ? found.nearest : found.names).map(quoted).join(', ')
  throw new OperationalError('usage', `there is no job ${quoted(name)}`, {
    hint: near ? `did you mean ${names}?` : `the configuration has ${names}`,
  })
}
