import {LineCounter, parseDocument} from 'yaml'
import {convertYaml, type YamlProblem} from './convert-yaml.ts'
import type {YamlNode} from './yaml-tree.ts'

/** After so many mistakes of syntax the rest are consequences. */
const MAX_SYNTAX_PROBLEMS = 20

/** A file that was understood as YAML, or all reasons why not. */
export type ParsedYaml = {
  /** `undefined` for an empty file, and when there are problems. */
  readonly root: YamlNode | undefined
  readonly problems: readonly YamlProblem[]
  /** Offsets to lines and columns. */
  readonly lines: LineCounter
}

/**
 * Reads one YAML document. Plain words mean what they mean to zrepl: `yes`, `on` and their like are booleans; times,
 * dates and octal numbers are just text. Merge keys (`<<`) work as in YAML 1.1; keys are text, and unique; tags, deep
 * nesting and what aliases blow up are refused (threat T33). Never throws for what is in `text`.
 */
export function parseYaml(text: string): ParsedYaml {
  const lines = new LineCounter()
  const document = parseDocument(text, {
    version: '1.2',
    schema: 'failsafe',
    uniqueKeys: false,
    prettyErrors: false,
    logLevel: 'error',
    lineCounter: lines,
  })
  const syntax = [...document.errors, ...document.warnings]
  if (syntax.some(({message}) => message.includes('call stack'))) {
    return {root: undefined, problems: [{start: 0, end: 0, message: 'it is nested too deeply'}], lines}
  }
  if (syntax.length > 0) {
    const problems = syntax.slice(0, MAX_SYNTAX_PROBLEMS).map(({code, pos: [start, end], message}) => ({
      start,
      end,
      ...explainSyntax(code, message),
    }))
    return {root: undefined, problems, lines}
  }
  const {root, problems} = convertYaml(document)
  return {root: problems.length > 0 ? undefined : root, problems, lines}
}

function explainSyntax(code: string, message: string): {readonly message: string; readonly hint?: string} {
  switch (code) {
    case 'TAB_AS_INDENT':
      return {message: 'a tab is not indentation', hint: 'use spaces'}
    case 'MULTIPLE_DOCS':
      return {message: 'a second document begins here', hint: 'a configuration is one document'}
    case 'TAG_RESOLVE_FAILED':
      return {message: 'tags are not allowed', hint: 'write the value without the word that starts with !'}
    default:
      return {message: `${message.charAt(0).toLowerCase()}${message.slice(1)}`}
  }
}
