import type {ConfigFile} from '../../generated/config-types.ts'
import {checkListeners, checkNotified, checkUnique} from './check-jobs-together.ts'
import {byPlace, type Diagnostic, type Finding, mistake, notice} from './diagnostic.ts'
import {readIncludes} from './include.ts'
import type {Job} from './job.ts'
import {peek, peekList} from './peek.ts'
import {resolveJobs} from './resolve.ts'
import {type LogOutlet, resolveLogging} from './resolve-logging.ts'
import {type Monitoring, resolveMonitoring} from './resolve-monitoring.ts'
import {type Notify, resolveNotify} from './resolve-notify.ts'
import {resolveZfsAccess, type ZfsAccess} from './resolve-zfs-access.ts'
import {type FileSource, parseSourceFile, type SourceFile, wholeFile} from './source-file.ts'
import {validate} from './validate.ts'

/** What is configured, all files together. */
export type LoadedConfig = {
  readonly jobs: readonly Job[]
  readonly logging: readonly LogOutlet[]
  readonly monitoring: Monitoring
  readonly notify: readonly Notify[]
  readonly zfsAccess: ZfsAccess
  /** What is understood but has no effect. */
  readonly notices: readonly Diagnostic[]
  /** The paths of all files that were read, the main one first. */
  readonly files: readonly string[]
}

/**
 * Reads the configuration at `path` and the files it includes. The result is the jobs with all defaults filled in, or
 * everything there is to say about the files: all mistakes, and the notices. Never throws for what is in the files.
 */
export function loadConfig(
  path: string,
  files: FileSource,
): LoadedConfig | {readonly diagnostics: readonly Diagnostic[]} {
  const answer = files.read(path)
  if ('problem' in answer) return {diagnostics: [wholeFile(path, `cannot use this file: ${answer.problem}`)]}
  const main = checkFile(path, answer.text, () => [])
  const {included, findings} = readIncludes(path, main.raw, files)
  const all = [
    {...main, findings: [...main.findings, ...findings]},
    ...included.map(({file, text}) => checkFile(file, text, checkIncluded)),
  ]
  const diagnostics = diagnose(all)
  const notices = diagnostics.filter(({severity}) => severity === 'notice')
  return notices.length < diagnostics.length
    ? {diagnostics}
    : {...resolve(all), notices, files: all.map(({source}) => source.file)}
}

/** A file that has been looked at. `raw` is empty when it is no YAML. */
type CheckedFile = {readonly source: SourceFile; readonly raw: unknown; readonly findings: readonly Finding[]}

function checkFile(file: string, text: string, checkMore: (raw: unknown) => readonly Finding[]): CheckedFile {
  const source = parseSourceFile(file, text)
  if (source.root === undefined) return {source, raw: {}, findings: []}
  const {raw, findings} = validate(source.root)
  return {source, raw, findings: [...findings, ...checkMore(raw)]}
}

/** Included files contribute jobs and nothing else. */
function checkIncluded(raw: unknown): readonly Finding[] {
  return [
    ...(peek(raw, 'include') === undefined
      ? []
      : [mistake(['include'], 'an included file cannot include others')]),
    ...(peek(raw, 'global') === undefined ? [] : [notice(['global'], 'has no effect in an included file')]),
  ]
}

/** Everything there is to say, in the order of the files. */
function diagnose(all: readonly CheckedFile[]): readonly Diagnostic[] {
  const found = [
    ...all.flatMap(({source, findings}) => [...source.problems, ...findings.map(source.locate)]),
    ...checkUnique(all),
  ]
  // Where a file is not understood, jobs may be missing that others need.
  const isComplete = found.every(({severity}) => severity === 'notice')
  const more = isComplete ? [...checkListeners(all), ...checkNotified(all), ...checkEmpty(all)] : []
  return all.flatMap(({source}) =>
    withoutRepetitions([...found, ...more].filter(({file}) => file === source.file).toSorted(byPlace)),
  )
}

/** What an alias repeats is wrong in one place only. */
function withoutRepetitions(diagnostics: readonly Diagnostic[]): readonly Diagnostic[] {
  const told = new Set<string>()
  return diagnostics.filter(({line, column, message}) => {
    const key = `${line}:${column}:${message}`
    return !told.has(key) && told.add(key)
  })
}

/** zrepl takes no jobs for fine, but who configures nothing has no backups. */
function checkEmpty([main, ...included]: readonly CheckedFile[]): readonly Diagnostic[] {
  if (main === undefined || [main, ...included].some(({raw}) => peekList(raw, 'jobs').length > 0)) return []
  if (peek(main.raw, 'jobs') === undefined) return [wholeFile(main.source.file, 'there are no jobs')]
  return [main.source.locate(mistake(['jobs'], 'there are no jobs'))]
}

function resolve(
  all: readonly CheckedFile[],
): Pick<LoadedConfig, 'jobs' | 'logging' | 'monitoring' | 'notify' | 'zfsAccess'> {
  const jobs = all.flatMap(({source, raw}) =>
    resolveJobs(raw as ConfigFile, (path) => {
      const place = source.locate(mistake(path, ''))
      return `${place.file}:${place.line}:${place.column}: ${place.path}`
    }),
  )
  const global = peek(all[0]?.raw, 'global') as ConfigFile['global']
  return {
    jobs,
    logging: resolveLogging(global),
    monitoring: resolveMonitoring(global),
    notify: resolveNotify(global),
    zfsAccess: resolveZfsAccess(global),
  }
}
