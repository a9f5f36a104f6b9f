import {RE2JS} from 're2js'
import {printable} from './printable.ts'

/** A regular expression with Go's syntax and meaning, matched in linear time, unanchored as zrepl does. */
export type LinearRegex = {
  readonly source: string
  matches(text: string): boolean
}

/** Compiles Go (RE2) syntax. Throws an `Error` with RE2's own words when it is not valid there. */
export function compileRegex(source: string): LinearRegex {
  const compiled = compile(source)
  return {source, matches: (text) => compiled.matcher(text).find()}
}

function compile(source: string): RE2JS {
  try {
    return RE2JS.compile(source)
  } catch (error) {
    if (!(error instanceof Error)) throw error
    const missing = NOT_IN_GO.find(([syntax]) => syntax.test(source))?.[1]
    const words = printable(error.message)
    throw new Error(missing === undefined ? words : `${words}: Go has no ${missing}`, {cause: error})
  }
}

/** What people bring along from other dialects; RE2 calls it by other names. */
const NOT_IN_GO: readonly (readonly [RegExp, string])[] = [
  [/\(\?<?[=!]/, 'lookahead or lookbehind'],
  [/\\[1-9]|\(\?P=/, 'references to what a group has matched'],
  [/[*+?}]\+|\(\?>/, 'possessive or atomic groups'],
  [/\\Z/, '\\Z; use \\z or $'],
]
