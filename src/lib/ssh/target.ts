import {parseArgs} from 'node:util'

/** Where the built-in client connects to, and whom it believes. */
export type BuiltinSshTarget = {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly identityFile: string
  /** Absolute, or below the user's home with `~/`; those that do not exist are passed over, as in OpenSSH. */
  readonly knownHostsFiles: readonly string[]
  /** The name under which the host key is known, when it is not the host's. */
  readonly hostKeyAlias: string | undefined
  /** Seconds without a word from the server after which it is asked for one; 0 = never. */
  readonly aliveIntervalS: number
  /** How many such questions in a row may stay without an answer. */
  readonly aliveCountMax: number
  /** Until the session is there; 0 = as long as it takes. */
  readonly connectTimeoutMs: number
}

/** The first word by which our executable is the client: for itself as its own child, and for nobody else. */
export const SSH_CLIENT_WORD = 'ssh-client'

/** The words that make our executable connect to `target`. */
export function sshClientWords(target: BuiltinSshTarget): readonly string[] {
  return [
    SSH_CLIENT_WORD,
    `--user=${target.user}`,
    `--port=${target.port}`,
    `--identity-file=${target.identityFile}`,
    ...target.knownHostsFiles.map((file) => `--known-hosts=${file}`),
    ...(target.hostKeyAlias === undefined ? [] : [`--host-key-alias=${target.hostKeyAlias}`]),
    `--alive-interval=${target.aliveIntervalS}`,
    `--alive-count=${target.aliveCountMax}`,
    `--connect-timeout=${target.connectTimeoutMs}`,
    '--',
    target.host,
  ]
}

/** The inverse of `sshClientWords`, without its first word. Throws an `Error` for anything else. */
export function parseSshClientWords(words: readonly string[]): BuiltinSshTarget {
  const {values, positionals} = parseArgs({
    args: [...words],
    allowPositionals: true,
    options: {
      user: {type: 'string'},
      port: {type: 'string'},
      'identity-file': {type: 'string'},
      'known-hosts': {type: 'string', multiple: true},
      'host-key-alias': {type: 'string'},
      'alive-interval': {type: 'string'},
      'alive-count': {type: 'string'},
      'connect-timeout': {type: 'string'},
    },
  })
  const {user, 'identity-file': identityFile} = values
  const [host] = positionals
  if (user === undefined || identityFile === undefined || host === undefined || positionals.length > 1)
    throw new Error('it needs --user, --identity-file and one host')
  return {
    host,
    port: count('port', values.port),
    user,
    identityFile,
    knownHostsFiles: values['known-hosts'] ?? [],
    hostKeyAlias: values['host-key-alias'],
    aliveIntervalS: count('alive-interval', values['alive-interval']),
    aliveCountMax: count('alive-count', values['alive-count']),
    connectTimeoutMs: count('connect-timeout', values['connect-timeout']),
  }
}

function count(name: string, text: string | undefined): number {
  if (text === undefined || !/^\d{1,9}$/.test(text)) throw new Error(`--${name} needs a number`)
  return Number(text)
}
