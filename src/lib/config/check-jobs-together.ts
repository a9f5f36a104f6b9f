import {type Diagnostic, didYouMean, mistake, notice, type Path} from './diagnostic.ts'
import {nearest} from './nearest.ts'
import {peek, peekList, peekText} from './peek.ts'
import type {SourceFile} from './source-file.ts'

/** A file and its content, of any shape. */
export type FileContent = {readonly source: SourceFile; readonly raw: unknown}

/**
 * What must be unique over all jobs of all files: names, and the identities of clients that come by ssh, because the
 * forced command says nothing but the identity. Two local listeners of one name load, as in zrepl, but are told about:
 * no client can choose between them, and a job that connects there cannot be run.
 */
export function checkUnique(files: readonly FileContent[]): readonly Diagnostic[] {
  return [
    ...repeated(wordsOf(files, nameOf), mistake, 'another job has this name'),
    ...repeated(wordsOf(files, identitiesOf), mistake, 'another job serves this client'),
    ...repeated(
      wordsOf(files, servedListenerOf),
      notice,
      'another job listens by this name: no job can connect there',
    ),
  ]
}

/** Says so where a job connects to a listener of this host that no job serves. */
export function checkListeners(files: readonly FileContent[]): readonly Diagnostic[] {
  const served = wordsOf(files, servedListenerOf).map(({text}) => text)
  return wordsOf(files, connectedListenerOf)
    .filter(({text}) => !served.includes(text))
    .map(({source, path, text}) => {
      const hint = didYouMean(nearest(text, served))
      return source.locate({...notice(path, 'no job serves this listener: this job cannot be run'), hint})
    })
}

/** Of a job that does not exist nobody would ever be told. */
export function checkNotified([main, ...included]: readonly FileContent[]): readonly Diagnostic[] {
  if (main === undefined) return []
  const names = wordsOf([main, ...included], nameOf).map(({text}) => text)
  return peekList(main.raw, 'global', 'notify').flatMap((notify, index) =>
    peekList(notify, 'jobs').flatMap((name, at) => {
      if (typeof name !== 'string' || names.includes(name)) return []
      const hint = didYouMean(nearest(name, names))
      return [
        main.source.locate({
          ...mistake(['global', 'notify', index, 'jobs', at], 'there is no such job'),
          hint,
        }),
      ]
    }),
  )
}

/** A word in a job and where it stands. */
type Word = {readonly source: SourceFile; readonly path: Path; readonly text: string}

function repeated(
  words: readonly Word[],
  say: typeof mistake | typeof notice,
  message: string,
): readonly Diagnostic[] {
  const first = new Map<string, Word>()
  return words.flatMap((word) => {
    const earlier = first.get(word.text)
    if (earlier === undefined) {
      first.set(word.text, word)
      return []
    }
    // What one list has twice, the schema complains about.
    if (earlier.source === word.source && earlier.path[1] === word.path[1]) return []
    const {file, line} = earlier.source.locate(notice(earlier.path, ''))
    return [word.source.locate({...say(word.path, message), hint: `the other one is at ${file}:${line}`})]
  })
}

type Found = {readonly path: Path; readonly text: string}

function wordsOf(files: readonly FileContent[], find: (job: unknown) => readonly Found[]): readonly Word[] {
  return files.flatMap(({source, raw}) =>
    peekList(raw, 'jobs').flatMap((job, index) =>
      find(job).map(({path, text}) => ({source, path: ['jobs', index, ...path], text})),
    ),
  )
}

function nameOf(job: unknown): readonly Found[] {
  return textAt(job, 'name')
}

function identitiesOf(job: unknown): readonly Found[] {
  const path = ['serve', 'client_identities']
  return peekList(job, ...path).flatMap((_identity, index) => textAt(job, ...path, index))
}

function servedListenerOf(job: unknown): readonly Found[] {
  return peek(job, 'serve', 'type') === 'local' ? textAt(job, 'serve', 'listener_name') : []
}

function connectedListenerOf(job: unknown): readonly Found[] {
  return peek(job, 'connect', 'type') === 'local' ? textAt(job, 'connect', 'listener_name') : []
}

function textAt(job: unknown, ...path: Path): readonly Found[] {
  const text = peekText(job, ...path)
  return text === undefined ? [] : [{path, text}]
}
