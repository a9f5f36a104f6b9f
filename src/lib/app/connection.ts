import type {Connect, NeedsDaemon} from '../config/job.ts'
import {OperationalError} from '../core/errors.ts'
import type {OpenConnection} from '../core/lane.ts'
import {checkIdentityFile} from '../host/check-identity-file.ts'
import {findDeathSignal} from '../host/death-signal.ts'
import {openLocal} from '../host/open-local.ts'
import {IF_SSH_IS_SILENT, openSsh, type SshOptions} from '../host/open-ssh.ts'
import {sshClientWords} from '../ssh/target.ts'

export type ConnectOptions = {
  /** The configuration file: a local connection is served by our own executable with the same one. */
  readonly configFile: string
  readonly lockFd: number | undefined
}

/** How to reach the passive side of a job. Throws `config` for transports that need a daemon, and keys that cannot be used. */
export function connectionTo(connect: Connect, {configFile, lockFd}: ConnectOptions): OpenConnection {
  const options = {lockFd, deathSignal: findDeathSignal(), environment: process.env}
  switch (connect.type) {
    case 'ssh+stdinserver':
      return openSession(connect, options)
    case 'local': {
      const argv = [
        'stdinserver',
        connect.clientIdentity,
        '--config',
        configFile,
        '--listener',
        connect.listenerName,
      ]
      return openLocal(
        {argv, peer: `local ${connect.listenerName}`, dialTimeoutMs: processTimeout(connect.dialTimeoutMs)},
        options,
      )
    }
    case 'needs-daemon':
      throw needsDaemon(connect)
  }
}

/** The error of whoever wants to use a transport that needs a daemon. */
export function needsDaemon({place, transport}: NeedsDaemon): OperationalError {
  return new OperationalError('config', `${place}: transport ${transport} needs a daemon`, {
    hint: 'use ssh+stdinserver',
  })
}

function openSession(target: SshConnect, options: SshOptions): OpenConnection {
  checkIdentityFile(target.identityFile)
  const {client} = target
  if (client.kind === 'openssh') return openSsh({...target, options: client.options}, options)
  const argv = sshClientWords({...target, ...client, connectTimeoutMs: target.dialTimeoutMs})
  const peer = `ssh ${target.user}@${target.host}:${target.port}`
  return openLocal({argv, peer, dialTimeoutMs: target.dialTimeoutMs, ifSilent: IF_SSH_IS_SILENT}, options)
}

type SshConnect = Extract<Connect, {type: 'ssh+stdinserver'}>

/**
 * zrepl's local connections are made inside one process and its 2 s are plenty; ours start a process, which a busy
 * machine may need longer for. 0 = no limit.
 */
function processTimeout(dialTimeoutMs: number): number {
  return dialTimeoutMs === 0 ? 0 : Math.max(dialTimeoutMs, 30_000)
}
