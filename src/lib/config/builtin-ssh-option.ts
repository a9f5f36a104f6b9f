import {quoted} from '../core/printable.ts'
import {parseSshOption} from './ssh-option.ts'

/** The settings of the built-in ssh client, by the names ssh_config(5) has for them. */
export type BuiltinSshSettings = {
  /** Absolute, or below the user's home when they begin with `~/`. */
  readonly knownHostsFiles: readonly string[]
  readonly hostKeyAlias: string | undefined
  readonly aliveIntervalS: number
  readonly aliveCountMax: number
}

/**
 * Reads one of `connect.options` for the built-in client, which knows few of them: what it does not know it refuses,
 * because an option of ssh that has no effect may be one that somebody relies on. What says only what the client does
 * anyway (`BatchMode=yes`) is fine. Throws an `Error` that says why.
 */
export function parseBuiltinSshOption(text: string): Partial<BuiltinSshOptions> {
  const {keyword, value} = parseSshOption(text)
  const plain = value.replace(/^"(.*)"$/, '$1')
  switch (keyword.toLowerCase()) {
    case 'userknownhostsfile':
      return {userKnownHostsFiles: parseFiles(text, plain)}
    case 'globalknownhostsfile':
      return {globalKnownHostsFiles: parseFiles(text, plain)}
    case 'hostkeyalias':
      return {hostKeyAlias: plain}
    case 'serveraliveinterval':
      return {aliveIntervalS: parseCount(text, plain)}
    case 'serveralivecountmax':
      return {aliveCountMax: parseCount(text, plain)}
    case 'stricthostkeychecking':
    case 'batchmode':
    case 'identitiesonly':
      if (plain.toLowerCase() === 'yes') return {}
  }
  throw new Error(`the built-in ssh client has no option ${quoted(text)}`)
}

/** The settings that all of `options` give together; of several for one thing the first counts, as in ssh. */
export function builtinSshSettings(options: readonly string[]): BuiltinSshSettings {
  const given = options.map(parseBuiltinSshOption)
  const {userKnownHostsFiles, globalKnownHostsFiles, ...settings}: BuiltinSshOptions = Object.assign(
    {},
    DEFAULTS,
    ...given.toReversed(),
  )
  return {...settings, knownHostsFiles: [...userKnownHostsFiles, ...globalKnownHostsFiles]}
}

type BuiltinSshOptions = Omit<BuiltinSshSettings, 'knownHostsFiles'> & {
  readonly userKnownHostsFiles: readonly string[]
  readonly globalKnownHostsFiles: readonly string[]
}

const DEFAULTS: BuiltinSshOptions = {
  userKnownHostsFiles: ['~/.ssh/known_hosts', '~/.ssh/known_hosts2'],
  globalKnownHostsFiles: ['/etc/ssh/ssh_known_hosts', '/etc/ssh/ssh_known_hosts2'],
  hostKeyAlias: undefined,
  aliveIntervalS: 10,
  aliveCountMax: 3,
}

function parseFiles(text: string, value: string): readonly string[] {
  if (value === 'none') return []
  const files = value.split(/[ \t]+/)
  const odd = files.find((file) => !/^(?:~\/|\/)[^%"$]*$/.test(file))
  if (odd === undefined) return files
  throw new Error(
    `bad ssh option ${quoted(text)}: ${quoted(odd)} is neither an absolute path nor one below ~/`,
  )
}

function parseCount(text: string, value: string): number {
  if (/^\d{1,6}$/.test(value)) return Number(value)
  throw new Error(`bad ssh option ${quoted(text)}: it needs a number`)
}
