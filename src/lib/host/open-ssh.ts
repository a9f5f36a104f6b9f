import {OperationalError} from '../core/errors.ts'
import type {OpenConnection} from '../core/lane.ts'
import {quoted} from '../core/printable.ts'
import {type Environment, sshEnvironment} from './environment.ts'
import {type LaneOptions, openLaneProcess} from './lane-process.ts'
import {resolveProgram} from './resolve-program.ts'

/** Where to, as the configuration says it. */
export type SshTarget = {
  readonly host: string
  readonly user: string
  readonly port: number
  readonly identityFile: string
  /** Each becomes `-o OPTION`. */
  readonly options: readonly string[]
  /** Until the peer has greeted; 0 = as long as it takes. */
  readonly dialTimeoutMs: number
}

export type SshOptions = LaneOptions & {
  readonly environment: Environment
  /** Absolute path of the client; found on the system when it is not given. */
  readonly path?: string
}

/** Connections by the OpenSSH client, each a session of its own. The far side's command is its own business. */
export function openSsh(target: SshTarget, options: SshOptions): OpenConnection {
  return async (ctx) =>
    openLaneProcess(
      ctx,
      {
        peer: `ssh ${target.user}@${target.host}:${target.port}`,
        path: options.path ?? resolveProgram('ssh'),
        argv: sshArgv(target),
        environment: sshEnvironment(options.environment),
        dialTimeoutMs: target.dialTimeoutMs,
        ifSilent: IF_SSH_IS_SILENT,
      },
      options,
    )
}

/** A key without a forced command gets a shell, which waits for us as we wait for it (threat T29). */
export const IF_SSH_IS_SILENT =
  'the host does not answer, or the key has no forced command in its authorized_keys: command="zrepl stdinserver CLIENT_IDENTITY",restrict'

/**
 * Of several `-o` for one option ssh takes the first: what is about safety (threats T26, T27) stands before the
 * user's options, what is about taste behind them.
 */
export function sshArgv(target: SshTarget): readonly string[] {
  checkWord('host', target.host, /^[A-Za-z0-9_.:][A-Za-z0-9_.:%-]*$/)
  checkWord('user', target.user, /^[A-Za-z0-9_][A-Za-z0-9_.@\\+-]*\$?$/)
  checkWord('identity file', target.identityFile, /^[^-\0]/)
  return [
    '-T',
    '-a',
    '-x',
    '-p',
    String(target.port),
    '-i',
    target.identityFile,
    ...[...FIXED, ...target.options, ...preferred(target)].flatMap((option) => ['-o', option]),
    '--',
    `${target.user}@${target.host}`,
  ]
}

const FIXED: readonly string[] = [
  'BatchMode=yes',
  'StrictHostKeyChecking=yes',
  'ForwardAgent=no',
  'ForwardX11=no',
  'ClearAllForwardings=yes',
  'Tunnel=no',
  'ControlMaster=no',
  'ControlPath=none',
  'PermitLocalCommand=no',
  'RemoteCommand=none',
  'RequestTTY=no',
  'EscapeChar=none',
]

/**
 * Only the configured key, because the key decides as whom the far side serves us, and the agent may hold others.
 * A connection that is dead for half a minute is noticed: a stream has no other sign of it.
 */
function preferred(target: SshTarget): readonly string[] {
  return [
    'IdentitiesOnly=yes',
    'ServerAliveInterval=10',
    'ServerAliveCountMax=3',
    ...(target.dialTimeoutMs > 0 ? [`ConnectTimeout=${Math.ceil(target.dialTimeoutMs / 1000)}`] : []),
  ]
}

/** The configuration has checked this already; a host `-oProxyCommand=…` is too old a trick to rely on that (T5, T28). */
function checkWord(what: string, word: string, form: RegExp): void {
  if (!form.test(word)) throw new OperationalError('config', `${quoted(word)} cannot be an ssh ${what}`)
}
