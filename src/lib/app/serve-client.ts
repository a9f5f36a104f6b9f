import {type RunContext, withFields, withSignal} from '../core/context.ts'
import {OperationalError} from '../core/errors.ts'
import {EXIT, exitStatusOfThrown} from '../core/exit-code.ts'
import {printable} from '../core/printable.ts'
import {watchHangUp} from '../host/hang-up.ts'
import {byteReader, byteWriter} from '../host/pipe.ts'
import {writeText} from '../host/write-text.ts'
import {renderThrown} from '../report/describe-error.ts'
import {awaitBegin} from '../rpc/prelude.ts'
import {serve} from '../rpc/serve.ts'
import {createProcessContext} from './process-context.ts'
import {servedTo, type Words} from './served-client.ts'
import {stderrOutlet} from './stderr-outlet.ts'

/** Serves a client that was said hello to on stdin and stdout, until it hangs up; returns the exit status. */
export async function serveClient(words: Words): Promise<number> {
  try {
    await serveUntilHangUp(words)
    return EXIT.ok
  } catch (thrown) {
    return told(thrown)
  }
}

/** Tells whoever has started us why nobody is served; returns the exit status. */
export function refuseClient(misuse: string): number {
  return told(
    new OperationalError('usage', printable(misuse), {
      hint: 'zrepl stdinserver CLIENT_IDENTITY [--config FILE]',
    }),
  )
}

function told(thrown: unknown): number {
  writeText(2, `${renderThrown(thrown)}\n`)
  return exitStatusOfThrown(thrown)
}

async function serveUntilHangUp(words: Words): Promise<void> {
  const ctx = withFields(createProcessContext('stdinserver', stderrOutlet({level: 'info', format: 'json'})), {
    side: 'peer',
    clientIdentity: words.identity,
  })
  const hangUp = watchHangUp(1)
  try {
    await serveOn(withSignal(ctx, hangUp.signal), words)
  } finally {
    hangUp.stop()
  }
}

/** The client begins while the configuration is read. */
async function serveOn(ctx: RunContext, words: Words): Promise<void> {
  const [reader, writer] = [byteReader(0), byteWriter(1)]
  const begun = awaitBegin(reader, ctx.signal).then(
    () => undefined,
    (error: unknown) => ({error}),
  )
  const {served, close} = servedTo(ctx, words)
  try {
    const failed = await begun
    if (failed !== undefined) throw failed.error
    await serve(ctx, served, reader, writer)
  } finally {
    await close(ctx)
  }
}
