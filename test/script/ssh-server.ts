import {existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {execa} from 'execa'
import {freePort} from './free-port.ts'
import {installPackages} from './packages.ts'

const SSHD = '/usr/sbin/sshd'

/** An sshd of Debian's on loopback, for one test: no service of the system's. */
export type SshServer = {
  readonly port: number
  /** The private key of the only one who may come, as root, and have `command` run. */
  readonly identityFile: string
  readonly knownHosts: string
  /** How often somebody has been let in. */
  sessions(): number
  stop(): Promise<void>
}

/** Installs sshd where there is none. */
export async function installSshServer(): Promise<void> {
  await installPackages([
    ...(existsSync(SSHD) ? [] : ['openssh-server']),
    ...(Bun.which('ssh') ? [] : ['openssh-client']),
  ])
}

/** Starts one whose files are in `dir`. `command` is the forced command of the one key it knows, for a shell. */
export async function startSshServer(dir: string, command: string): Promise<SshServer> {
  const [hostKey, identityFile, knownHosts] = [join(dir, 'host'), join(dir, 'id'), join(dir, 'known_hosts')]
  for (const key of [hostKey, identityFile])
    await execa('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'test', '-f', key])
  const port = await freePort()
  writeFileSync(join(dir, 'authorized_keys'), `command="${command}",restrict ${publicKey(identityFile)}`)
  writeFileSync(knownHosts, `[127.0.0.1]:${port} ${publicKey(hostKey)}`)
  writeFileSync(
    join(dir, 'sshd_config'),
    `Port ${port}
ListenAddress 127.0.0.1
HostKey ${hostKey}
PidFile none
AuthorizedKeysFile ${join(dir, 'authorized_keys')}
PermitRootLogin forced-commands-only
AuthenticationMethods publickey
StrictModes no
UsePAM no
LogLevel VERBOSE
`,
  )
  // Where it keeps nothing; a service of the system would have made it.
  const empty = '/run/sshd'
  const isOurs = !existsSync(empty)
  if (isOurs) mkdirSync(empty, {mode: 0o755})
  const server = Bun.spawn([SSHD, '-D', '-e', '-f', join(dir, 'sshd_config')], {
    stdin: 'ignore',
    stdout: 'ignore',
    stderr: 'pipe',
  })
  const listens = Promise.withResolvers<void>()
  let said = ''
  const reading = (async () => {
    for await (const piece of server.stderr.pipeThrough(new TextDecoderStream())) {
      said += piece
      if (said.includes('Server listening')) listens.resolve()
    }
    listens.reject(new Error(`sshd has ended: ${said}`))
  })()
  await listens.promise
  return {
    port,
    identityFile,
    knownHosts,
    sessions: () => said.split('Accepted publickey').length - 1,
    async stop() {
      server.kill('SIGTERM')
      await reading
      if (isOurs) rmdirSync(empty)
    },
  }
}

function publicKey(file: string): string {
  return readFileSync(`${file}.pub`, 'utf8')
}
