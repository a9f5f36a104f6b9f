import {RE2JS} from 're2js'

/** A regular expression with Go's syntax and meaning, matched in linear time, unanchored as zrepl does. */
export type LinearRegex = {
  readonly source: string
  matches(text: string): boolean
}

/** Compiles Go (RE2) syntax. Throws an `Error` with RE2's own words when it is not valid there. */
export function compileRegex(source: string): LinearRegex {
  const compiled = RE2JS.compile(source)
  return {source, matches: (text) => compiled.matcher(text).find()}
}
