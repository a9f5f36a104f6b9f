import {readdirSync, readFileSync} from 'node:fs'
import {join} from 'node:path'
import {type LoadedConfig, loadConfig} from '../../../src/lib/config/load.ts'
import {renderDiagnostics} from '../../../src/lib/config/render-diagnostic.ts'
import type {FileSource} from '../../../src/lib/config/source-file.ts'

/** The directories of samples: files that load, and files with mistakes. */
export const SAMPLES = join(import.meta.dirname, '../../config')

/** The files below `directory`, by relative paths. */
export function filesBelow(directory: string): FileSource {
  return {
    read: (path) => answer(() => ({text: readFileSync(join(directory, path), 'utf8')})),
    list: (path) => answer(() => ({names: readdirSync(join(directory, path)).toSorted()})),
  }
}

/** Files that exist only here, by absolute paths. */
export function filesOf(texts: Readonly<Record<string, string>>): FileSource {
  return {
    read: (path) => {
      const text = texts[path]
      return text === undefined ? {problem: 'it does not exist'} : {text}
    },
    list: (path) => {
      const prefix = `${path.replace(/\/$/, '')}/`
      const names = Object.keys(texts).flatMap((name) =>
        name.startsWith(prefix) ? [name.slice(prefix.length)] : [],
      )
      return names.length === 0 ? {problem: 'it does not exist'} : {names}
    },
  }
}

/** The names of the samples in `directory`, without `.yml`. */
export function sampleNames(directory: 'ok' | 'bad'): readonly string[] {
  const names = readdirSync(join(SAMPLES, directory)).filter((name) => name.endsWith('.yml'))
  return names.map((name) => name.slice(0, -'.yml'.length)).toSorted()
}

/** The configuration in `text`, which must be without mistakes. */
export function load(text: string, files: Readonly<Record<string, string>> = {}): LoadedConfig {
  const loaded = loadConfig('/etc/zrepl.yml', filesOf({...files, '/etc/zrepl.yml': text}))
  if ('diagnostics' in loaded) throw new Error(renderDiagnostics(loaded.diagnostics))
  return loaded
}

/** `line:column severity path: message (hint)` of everything there is to say about `text`. */
export function told(text: string, files: Readonly<Record<string, string>> = {}): readonly string[] {
  const loaded = loadConfig('/etc/zrepl.yml', filesOf({...files, '/etc/zrepl.yml': text}))
  const diagnostics = 'diagnostics' in loaded ? loaded.diagnostics : loaded.notices
  return diagnostics.map(
    ({line, column, severity, path, message, hint}) =>
      `${line}:${column} ${severity} ${path}: ${message}${hint === undefined ? '' : ` (${hint})`}`,
  )
}

function answer<T>(read: () => T): T | {readonly problem: string} {
  try {
    return read()
  } catch (error) {
    return {problem: `it cannot be read: ${(error as NodeJS.ErrnoException).code}`}
  }
}

/** A value without functions, maps as records: what can be written down in a test. */
export function plain(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (_key, part) => (part instanceof Map ? Object.fromEntries(part) : part)),
  )
}
