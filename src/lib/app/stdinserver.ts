import {isatty} from 'node:tty'
import {type RunContext, withFields, withSignal} from '../core/context.ts'
import {OperationalError} from '../core/errors.ts'
import {EXIT, exitStatusOfThrown} from '../core/exit-code.ts'
import {quoted} from '../core/printable.ts'
import {watchHangUp} from '../host/hang-up.ts'
import {byteReader, byteWriter} from '../host/pipe.ts'
import {writeText} from '../host/write-text.ts'
import {renderThrown} from '../report/describe-error.ts'
import {greetAsServer} from '../rpc/prelude.ts'
import {createProcessContext} from './process-context.ts'
import type {Words} from './served-client.ts'
import {stderrOutlet} from './stderr-outlet.ts'

/**
 * Serves one client on stdin and stdout until it hangs up; returns the exit status. Nothing but the protocol goes to
 * stdout. What the client asked sshd to run instead (SSH_ORIGINAL_COMMAND) is never looked at.
 */
export async function stdinserver(argv: readonly string[]): Promise<number> {
  try {
    const words = parseWords(argv)
    refuseTerminal()
    const ctx = withFields(
      createProcessContext('stdinserver', stderrOutlet({level: 'info', format: 'json'})),
      {
        side: 'peer',
        clientIdentity: words.identity,
      },
    )
    const hangUp = watchHangUp(1)
    try {
      await serveOn(withSignal(ctx, hangUp.signal), words)
      return EXIT.ok
    } finally {
      hangUp.stop()
    }
  } catch (thrown) {
    writeText(2, `${renderThrown(thrown)}\n`)
    return exitStatusOfThrown(thrown)
  }
}

/** The greeting is on its way while everything else is loaded and the configuration read. */
async function serveOn(ctx: RunContext, words: Words): Promise<void> {
  const [reader, writer] = [byteReader(0), byteWriter(1)]
  const greeted = greetAsServer(reader, writer, ctx.signal).then(
    () => undefined,
    (error: unknown) => ({error}),
  )
  const {servedTo, serve} = await import('./served-client.ts')
  const {served, close} = servedTo(ctx, words)
  try {
    const failed = await greeted
    if (failed !== undefined) throw failed.error
    await serve(ctx, served, reader, writer)
  } finally {
    await close(ctx)
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
