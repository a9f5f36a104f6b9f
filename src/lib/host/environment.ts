/**
 * The whole environment of `zfs`: nothing is passed on (threats T24, T46). The language is fixed because messages are
 * read (LC_ALL covers everything but LANGUAGE, which gettext asks first), PATH because `zfs` starts helpers by name.
 */
export const FIXED_ENVIRONMENT: Readonly<Record<string, string>> = {
  PATH: '/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/sbin:/usr/local/bin',
  LC_ALL: 'C',
  LANG: 'C',
  LANGUAGE: '',
}

/** What ssh may have beside the fixed ones: where the keys and the agent are. */
const SSH_NAMES = ['HOME', 'SSH_AUTH_SOCK'] as const

/** What our own executable may have as a child: where its state is, and the same local time as ours. */
const OWN_NAMES = ['HOME', 'XDG_RUNTIME_DIR', 'XDG_STATE_HOME', 'TZ'] as const

export type Environment = Readonly<Record<string, string | undefined>>

/** The environment of an ssh client, taken from `ours`. */
export function sshEnvironment(ours: Environment): Record<string, string> {
  return withNames(ours, SSH_NAMES)
}

/** The environment of our own executable started as a child, taken from `ours`. */
export function ownEnvironment(ours: Environment): Record<string, string> {
  return withNames(ours, OWN_NAMES)
}

function withNames(ours: Environment, names: readonly string[]): Record<string, string> {
  const environment = {...FIXED_ENVIRONMENT}
  for (const name of names) {
    const value = ours[name]
    if (value !== undefined) environment[name] = value
  }
  return environment
}
