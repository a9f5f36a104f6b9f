/** Something to tell about a configuration, and where. */
export type Diagnostic = {
  /** An `error` makes the configuration unusable; a `notice` says what is understood but has no effect. */
  readonly severity: 'error' | 'notice'
  /** The path by which the file was read. */
  readonly file: string
  /** From 1; 0 when the file as a whole is meant. */
  readonly line: number
  /** From 1, in UTF-16 units; 0 when the file as a whole is meant. */
  readonly column: number
  /** `jobs[2].pruning.keep_sender[0].grid`; empty when no value is meant. */
  readonly path: string
  /** Lower case, no full stop. Quotes of the file are as they stand there: whoever prints escapes them. */
  readonly message: string
  /** What a person can do now. */
  readonly hint?: string
  /** The line of the file and how much of it is meant. */
  readonly excerpt?: {readonly text: string; readonly length: number}
}

/** Keys and indices from the root of a file to a value. */
export type Path = readonly (string | number)[]

/** What a check has found, before its place in the file is known. */
export type Finding = {
  readonly severity: Diagnostic['severity']
  readonly path: Path
  /** The key at the end of `path` is meant, not its value. */
  readonly atKey?: boolean
  readonly message: string
  readonly hint?: string | undefined
}

/** An error at the value at `path`, or where it should be. */
export function mistake(path: Path, message: string, hint?: string): Finding {
  return {severity: 'error', path, message, hint}
}

/** A notice at the value at `path`. */
export function notice(path: Path, message: string): Finding {
  return {severity: 'notice', path, message}
}

/** `jobs[0].filesystems["tank/a<"]`. */
export function formatPath(path: Path): string {
  return path.map(formatKey).join('').replace(/^\./, '')
}

function formatKey(key: string | number): string {
  if (typeof key === 'number') return `[${key}]`
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`
}

/** `a`, `a or b`, `a, b or c`. */
export function oneOf(words: readonly string[]): string {
  const last = words.at(-1) ?? ''
  return words.length < 2 ? last : `${words.slice(0, -1).join(', ')} or ${last}`
}

/** The hint for a word that is probably a mistyped one of `words`; `undefined` when none is near. */
export function didYouMean(words: readonly string[]): string | undefined {
  return words.length === 0 ? undefined : `did you mean ${oneOf(words.map((word) => JSON.stringify(word)))}?`
}

/** Errors before notices is not the order: a person reads a file from top to bottom. */
export function byPlace(a: Diagnostic, b: Diagnostic): number {
  return a.line - b.line || a.column - b.column || (a.path < b.path ? -1 : a.path > b.path ? 1 : 0)
}
