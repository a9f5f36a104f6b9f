import {type Diagnostic, type Finding, formatPath} from './diagnostic.ts'
import {parseYaml} from './parse-yaml.ts'
import {type Span, spanAt, type YamlNode} from './yaml-tree.ts'

/** A configuration is text written by people (threat T33). */
const MAX_FILE_BYTES = 1024 * 1024

/** What `config` needs of the machine. `problem` says why not, as half a sentence about "it". */
export type FileSource = {
  /** The text of a file. */
  read(path: string): {readonly text: string} | {readonly problem: string}
  /** The names in a directory, sorted. */
  list(path: string): {readonly names: readonly string[]} | {readonly problem: string}
}

/** One file, and the places in it. */
export type SourceFile = {
  /** The path it was read by. */
  readonly file: string
  /** `undefined` when the file is empty, or no YAML. */
  readonly root: YamlNode | undefined
  /** Why it is no YAML. */
  readonly problems: readonly Diagnostic[]
  /** A finding with its place in this file. */
  locate(finding: Finding): Diagnostic
}

/** Reads one file's text as YAML. */
export function parseSourceFile(file: string, text: string): SourceFile {
  if (new TextEncoder().encode(text).length > MAX_FILE_BYTES) {
    return {...parseSourceFile(file, ''), problems: [wholeFile(file, 'has more than 1 MiB')]}
  }
  const {root, problems, lines} = parseYaml(text)
  return {
    file,
    root: problems.length > 0 ? undefined : root,
    problems: problems.map(({message, hint, ...span}) => ({
      severity: 'error',
      file,
      path: '',
      message,
      ...(hint === undefined ? {} : {hint}),
      ...placeOf(span),
    })),
    locate: ({severity, path, atKey, message, hint}) => ({
      severity,
      file,
      path: formatPath(path),
      message,
      ...(hint === undefined ? {} : {hint}),
      ...withoutSecret(path, placeOf(spanAt(root, path, atKey ?? false))),
    }),
  }

  function placeOf({start, end}: Span): Pick<Diagnostic, 'line' | 'column' | 'excerpt'> {
    const {line, col} = lines.linePos(start)
    if (line === 0) return {line: 0, column: 0}
    const from = lines.lineStarts[line - 1] ?? 0
    const to = lines.lineStarts[line] ?? text.length + 1
    const lineText = text.slice(from, to).replace(/[\r\n]+$/, '')
    const length = Math.max(1, Math.min(end, from + lineText.length) - start)
    return {line, column: col, excerpt: {text: lineText, length}}
  }
}

/** A mistake in the name of a database must not carry its password into mails and logs. */
function withoutSecret<T extends Pick<Diagnostic, 'line' | 'column' | 'excerpt'>>(
  path: Finding['path'],
  place: T,
): Omit<T, 'excerpt'> | T {
  if (path.at(-1) !== 'dsn') return place
  const {excerpt: _, ...rest} = place
  return rest
}

/** An error that is about a file as a whole. */
export function wholeFile(file: string, message: string): Diagnostic {
  return {severity: 'error', file, line: 0, column: 0, path: '', message}
}
