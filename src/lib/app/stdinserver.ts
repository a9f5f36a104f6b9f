import {isatty} from 'node:tty'
import type {PassiveJob} from '../config/job.ts'
import type {ZfsAccess} from '../config/resolve-zfs-access.ts'
import type {RunContext} from '../core/context.ts'
import {withFields, withSignal} from '../core/context.ts'
import {OperationalError} from '../core/errors.ts'
import {EXIT, exitStatusOfThrown} from '../core/exit-code.ts'
import {quoted} from '../core/printable.ts'
import {watchHangUp} from '../host/hang-up.ts'
import {byteReader, byteWriter} from '../host/pipe.ts'
import {writeText} from '../host/write-text.ts'
import {renderThrown} from '../report/describe-error.ts'
import {type Served, serve} from '../rpc/serve.ts'
import {readConfig} from './config-file.ts'
import {createReceiverOf, createSenderOf, type OpenZfs, openZfs} from './endpoints.ts'
import {createProcessContext} from './process-context.ts'

/** What the forced command was started with. */
type Words = {
  readonly identity: string
  readonly config: string | undefined
  readonly listener: string | undefined
}

/**
 * Serves one client on stdin and stdout until it hangs up; returns the exit status. Nothing but the protocol goes to
 * stdout. What the client asked sshd to run instead (SSH_ORIGINAL_COMMAND) is never looked at.
 */
export async function stdinserver(argv: readonly string[]): Promise<number> {
  try {
    const words = parseWords(argv)
    refuseTerminal()
    const ctx = withFields(createProcessContext('stdinserver', 'info', 'json'), {
      side: 'peer',
      clientIdentity: words.identity,
    })
    const hangUp = watchHangUp(1)
    const {served, close} = servedTo(ctx, words)
    try {
      await serve(withSignal(ctx, hangUp.signal), served, byteReader(0), byteWriter(1))
      return EXIT.ok
    } finally {
      hangUp.stop()
      await close(ctx)
    }
  } catch (thrown) {
    writeText(2, `${renderThrown(thrown)}\n`)
    return exitStatusOfThrown(thrown)
  }
}

function parseWords(argv: readonly string[]): Words {
  const options: Record<string, string> = {}
  const identities: string[] = []
  for (let index = 0; index < argv.length; index += 1) {
    const word = argv[index] ?? ''
    if (word === '--config' || word === '--listener') {
      index += 1
      const value = argv[index]
      if (value === undefined) throw usage(`${word} needs a value`)
      options[word] = value
    } else if (word.startsWith('-')) throw usage(`unknown option ${quoted(word)}`)
    else identities.push(word)
  }
  const [identity, ...rest] = identities
  if (identity === undefined || rest.length > 0) throw usage('stdinserver needs exactly one CLIENT_IDENTITY')
  return {identity, config: options['--config'], listener: options['--listener']}
}

function usage(message: string): OperationalError {
  return new OperationalError('usage', message, {hint: 'zrepl stdinserver CLIENT_IDENTITY [--config FILE]'})
}

function refuseTerminal(): void {
  if (isatty(0)) throw usage('stdinserver is started by sshd, not by a person: stdin is a terminal')
}

/** The endpoint for this client, or the reason why it gets none: told in the protocol, where the client can read it. */
function servedTo(ctx: RunContext, words: Words): {readonly served: Served} & Pick<OpenZfs, 'close'> {
  try {
    const {job, access} = jobFor(words)
    const {zfs, close} = openZfs({lockFd: undefined, access})
    const served: Served =
      job.type === 'source'
        ? {kind: 'sender', sender: createSenderOf(job, zfs)}
        : {kind: 'receiver', receiver: createReceiverOf(job, words.identity, zfs)}
    return {served, close}
  } catch (error) {
    if (!(error instanceof OperationalError)) throw error
    ctx.log.error('client refused', {error: error.message})
    return {
      served: {kind: 'refused', error: error.code === 'config' ? hidden(error) : error},
      close: async () => {},
    }
  }
}

/** The one sink or source job that serves this client. */
function jobFor({identity, config, listener}: Words): {
  readonly job: PassiveJob
  readonly access: ZfsAccess
} {
  const file = readConfig(config, (text) => writeText(2, text))
  const jobs = file.jobs.filter((job) => job.type === 'sink' || job.type === 'source')
  const serving = jobs.filter(({serve}) => {
    if (listener !== undefined) return serve.type === 'local' && serve.listenerName === listener
    return serve.type === 'stdinserver' && serve.clientIdentities.includes(identity)
  })
  const [job, other] = serving
  if (job === undefined) {
    throw new OperationalError('peer-refused', `client identity ${quoted(identity)} is not served here`, {
      hint: 'add it to serve.client_identities of a sink or source job on the serving side',
    })
  }
  if (other === undefined) return {job, access: file.zfsAccess}
  throw new OperationalError(
    'peer-refused',
    `client identity ${quoted(identity)} is served by two jobs: ${quoted(job.name)} and ${quoted(other.name)}`,
    {
      hint: 'give each job identities of its own',
    },
  )
}

/** Details of the configuration are for the log of this side, not for the client. */
function hidden(error: OperationalError): OperationalError {
  return new OperationalError('peer-refused', 'the configuration of the serving side cannot be used', {
    hint: 'run zrepl configcheck there',
    cause: error,
  })
}
