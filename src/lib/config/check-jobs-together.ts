import {type Diagnostic, didYouMean, mistake, notice, type Path} from './diagnostic.ts'
import {nearest} from './nearest.ts'
import {peek, peekList, peekText} from './peek.ts'
import type {SourceFile} from './source-file.ts'

/** A file and its content, of any shape. */
export type FileContent = {readonly source: SourceFile; readonly raw: unknown}

/** A word in a job and where it stands. */
type Word = {readonly source: SourceFile; readonly path: Path; readonly text: string}

/**
 * What must be unique over all jobs of all files: names, the identities of clients that come by ssh (the forced command
 * says nothing but the identity), and the names of local listeners.
 */
export function checkUnique(files: readonly FileContent[]): readonly Diagnostic[] {
  return [
    ...repeated(
      wordsOf(files, (job) => textAt(job, 'name')),
      (name) => `another job is named ${name}`,
    ),
    ...repeated(wordsOf(files, identitiesOf), (identity) => `another job serves ${identity}`),
    ...repeated(wordsOf(files, servedListenerOf), (listener) => `another job listens as ${listener}`),
  ]
}

/** Says so where a job connects to a listener of this host that no job serves. */
export function checkListeners(files: readonly FileContent[]): readonly Diagnostic[] {
  const served = wordsOf(files, servedListenerOf).map(({text}) => text)
  return wordsOf(files, connectedListenerOf)
    .filter(({text}) => !served.includes(text))
    .map(({source, path, text}) => {
      const hint = didYouMean(nearest(text, served))
      return source.locate({...notice(path, 'no job serves this listener'), hint})
    })
}

function repeated(words: readonly Word[], say: (quoted: string) => string): readonly Diagnostic[] {
  const first = new Map<string, Word>()
  return words.flatMap((word) => {
    const earlier = first.get(word.text)
    if (earlier === undefined) {
      first.set(word.text, word)
      return []
    }
    // The schema complains about what one list has twice.
    if (earlier.source === word.source && earlier.path[1] === word.path[1]) return []
    const {file, line} = earlier.source.locate(mistake(earlier.path, ''))
    return [
      word.source.locate(
        mistake(word.path, say(JSON.stringify(word.text)), `the other one is at ${file}:${line}`),
      ),
    ]
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

function textAt(job: unknown, ...path: Path): readonly Found[] {
  const text = peekText(job, ...path)
  return text === undefined ? [] : [{path, text}]
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
