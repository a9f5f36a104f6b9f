import {type RunContext, withFields, withSignal} from '../core/context.ts'
import {OperationalError} from '../core/errors.ts'
import {EXIT, exitStatusOfThrown} from '../core/exit-code.ts'
import {printable} from '../core/printable.ts'
import {watchHangUp} from '../host/hang-up.ts'
import {byteReader, byteWriter} from '../host/pipe.ts'
import {createToldWriter} from '../host/told-writer.ts'
import {writeText} from '../host/write-text.ts'
import {renderThrown} from '../report/describe-error.ts'
import {awaitBegin} from '../rpc/prelude.ts'
import {serve, unlessSilent} from '../rpc/serve.ts'
import {formatTold} from '../rpc/tell.ts'
import type {Outlet} from '../trace/outlet.ts'
import {besideServing} from './beside-serving.ts'
import {createProcessContext} from './process-context.ts'
import {servedTo, type Words} from './served-client.ts'

/**
 * Serves a client that was said hello to on stdin and stdout, until it hangs up; returns the exit status. What it is told
 * beside that, on stderr, is in schemas/rpc-told.schema.json.
 */
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
  const writer = createToldWriter(2)
  const outlet: Outlet = {
    level: 'info',
    write: ({level, message, fields}) => writer.write(formatTold({told: 'log', level, message, fields})),
    close: writer.close,
  }
  const ctx = withFields(createProcessContext('stdinserver', outlet), {clientIdentity: words.identity})
  const hangUp = watchHangUp(1)
  try {
    await serveOn(withSignal(ctx, hangUp.signal), words, writer.write)
  } finally {
    hangUp.stop()
    await writer.close()
  }
}

/** The client begins while the configuration is read. */
async function serveOn(ctx: RunContext, words: Words, tell: (line: string) => void): Promise<void> {
  const [reader, writer] = [byteReader(0), byteWriter(1)]
  const begun = unlessSilent(ctx, (signal) => awaitBegin(reader, signal)).then(
    () => undefined,
    (error: unknown) => ({error}),
  )
  const {served, close} = servedTo(ctx, words)
  try {
    const failed = await begun
    if (failed !== undefined) throw failed.error
    await serve(ctx, served, reader, writer, besideServing(reader, tell))
  } finally {
    await close(ctx)
  }
}
