import {type Finding, mistake} from './diagnostic.ts'
import {peekList} from './peek.ts'
import type {FileSource} from './source-file.ts'

/** A file that an `include` of the main file names, and its text. */
export type Included = {readonly file: string; readonly text: string}

/**
 * Reads what `include` of the main file names: files that end in `.yml`, and the `.yml` files of directories in the
 * order of their names. Relative paths start at the directory of the main file, as zrepl documents it.
 * What cannot be read is a finding at its entry. `raw` may be of any shape.
 */
export function readIncludes(
  main: string,
  raw: unknown,
  files: FileSource,
): {readonly included: readonly Included[]; readonly findings: readonly Finding[]} {
  const included: Included[] = []
  const findings: Finding[] = []
  const seen = new Set([main])
  for (const [index, entry] of peekList(raw, 'include').entries()) {
    if (typeof entry !== 'string' || entry === '') continue
    const report = (message: string, hint?: string) =>
      findings.push(mistake(['include', index], message, hint))
    const found = filesOf(pathFrom(main, entry), files)
    if ('problem' in found)
      report(found.problem, 'an entry is a file whose name ends in .yml, or a directory')
    else for (const file of found.files) readOne(file, report)
  }
  return {included, findings}

  function readOne(file: string, report: (message: string) => void): void {
    if (seen.has(file)) {
      report(`${file} is included twice`)
      return
    }
    seen.add(file)
    const answer = files.read(file)
    if ('problem' in answer) report(`cannot use ${file}: ${answer.problem}`)
    else included.push({file, text: answer.text})
  }
}

function filesOf(
  path: string,
  files: FileSource,
): {readonly files: readonly string[]} | {readonly problem: string} {
  if (path.endsWith('.yml')) return {files: [path]}
  const answer = files.list(path)
  if ('problem' in answer) return {problem: `cannot use ${path}: ${answer.problem}`}
  const directory = path.replace(/\/+$/, '')
  return {
    files: answer.names
      .filter((name) => name.endsWith('.yml'))
      .toSorted()
      .map((name) => `${directory}/${name}`),
  }
}

function pathFrom(main: string, entry: string): string {
  if (entry.startsWith('/')) return entry
  const directory = main.slice(0, main.lastIndexOf('/') + 1)
  return `${directory}${entry.replace(/^(?:\.\/+)+/, '')}`
}
