import type {Connect as RawConnect, Serve as RawServe} from '../../generated/config-types.ts'
import {unreachable} from '../core/assert.ts'
import {parseGoDuration} from '../core/units.ts'
import {builtinSshSettings} from './builtin-ssh-option.ts'
import type {Path} from './diagnostic.ts'
import type {Connect, NeedsDaemon, Serve, SshClient} from './job.ts'

/** Where a value stands, for messages of a later time: `zrepl.yml:3:11: jobs[0].connect`. */
export type PlaceOf = (path: Path) => string

/** `connect` with its defaults: 10 seconds to connect, 2 to a job of this host. */
export function resolveConnect(raw: RawConnect, placeOf: PlaceOf): Connect {
  switch (raw.type) {
    case 'ssh+stdinserver':
      return {
        type: 'ssh+stdinserver',
        host: raw.host,
        user: raw.user,
        port: raw.port,
        identityFile: raw.identity_file,
        client: resolveClient(raw.client ?? 'openssh', raw.options ?? []),
        dialTimeoutMs: parseGoDuration(raw.dial_timeout ?? '10s'),
      }
    case 'local':
      return {
        type: 'local',
        listenerName: raw.listener_name,
        clientIdentity: raw.client_identity,
        dialTimeoutMs: parseGoDuration(raw.dial_timeout ?? '2s'),
      }
    case 'tcp':
    case 'tls':
      return needsDaemon(raw.type, placeOf(['connect', 'type']))
    default:
      return unreachable(raw)
  }
}

function resolveClient(kind: SshClient['kind'], options: readonly string[]): SshClient {
  return kind === 'openssh' ? {kind, options} : {kind, ...builtinSshSettings(options)}
}

/** `serve`, which has no defaults of interest. */
export function resolveServe(raw: RawServe, placeOf: PlaceOf): Serve {
  switch (raw.type) {
    case 'stdinserver':
      return {type: 'stdinserver', clientIdentities: raw.client_identities}
    case 'local':
      return {type: 'local', listenerName: raw.listener_name}
    case 'tcp':
    case 'tls':
      return needsDaemon(raw.type, placeOf(['serve', 'type']))
    default:
      return unreachable(raw)
  }
}

function needsDaemon(transport: string, place: string): NeedsDaemon {
  return {type: 'needs-daemon', transport, place}
}
