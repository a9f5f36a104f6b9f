import {type RunContext, type Subsystem, withFields, withSignal} from '../core/context.ts'
import {OperationalError, Stopped} from '../core/errors.ts'
import {EXIT, exitStatusOfThrown} from '../core/exit-code.ts'
import {printable} from '../core/printable.ts'
import {watchHangUp} from '../host/hang-up.ts'
import {byteReader, byteWriter} from '../host/pipe.ts'
import {createToldWriter, type ToldWriter} from '../host/told-writer.ts'
import {renderThrown} from '../report/describe-error.ts'
import {awaitBegin} from '../rpc/prelude.ts'
import {serve, unlessSilent} from '../rpc/serve.ts'
import {formatTold} from '../rpc/tell.ts'
import type {LogLine} from '../trace/log-line.ts'
import {joinOutlets, type Outlet} from '../trace/outlet.ts'
import {randomSpanId} from '../trace/span.ts'
import {besideServing} from './beside-serving.ts'
import {createProcessContext} from './process-context.ts'
import {type ServedClient, servedTo, type Words} from './served-client.ts'

/**
 * Serves a client that was said hello to on stdin and stdout, until it hangs up; returns the exit status. What it is told
 * beside that, on stderr, is in schemas/rpc-told.schema.json.
 */
export async function serveClient(words: Words): Promise<number> {
  try {
    await serveUntilHangUp(words)
    return EXIT.ok
  } catch (thrown) {
    return await told(thrown)
  }
}

/** Tells whoever has started us why nobody is served; returns the exit status. */
export async function refuseClient(misuse: string): Promise<number> {
  return await told(
    new OperationalError('usage', printable(misuse), {
      hint: 'zrepl stdinserver CLIENT_IDENTITY [--config FILE]',
    }),
  )
}

/** A client that reads nothing does not keep us: stderr is a pipe that it may have left full. */
async function told(thrown: unknown): Promise<number> {
  const writer = createToldWriter(2)
  writer.write(`${renderThrown(thrown)}\n`)
  await writer.close()
  return exitStatusOfThrown(thrown)
}

async function serveUntilHangUp(words: Words): Promise<void> {
  const writer = createToldWriter(2)
  const client = tellingOutlet(writer)
  const served = servedTo(words)
  const id = randomSpanId()
  const own = await ownOutlet(served, words, id, client)
  const outlet = own === undefined ? client : joinOutlets([client, own])
  const ctx = withFields(createProcessContext('stdinserver', outlet, {id}), {clientIdentity: words.identity})
  for (const mistake of served.mistakes) own?.write(ownLine(ctx, words, 'error', mistake))
  const hangUp = watchHangUp(1)
  try {
    await serveOn(withSignal(ctx, hangUp.signal), served, writer.write)
  } catch (error) {
    own?.write(lastLine(ctx, words, error))
    throw error
  } finally {
    hangUp.stop()
    ctx.span.end()
    await outlet.close()
  }
}

/** What the client is told. It shows what it likes of that. */
function tellingOutlet(writer: ToldWriter): Outlet {
  return {
    level: 'info',
    write: ({level, message, fields}) => writer.write(formatTold({told: 'log', level, message, fields})),
    close: writer.close,
  }
}

/**
 * Where this host logs to beside telling the client, if its configuration says so: not on stderr, which is the client's. A
 * client on this host logs what it is told to the same places. One that gets nothing is not told what the log loses. Loaded
 * only where it is needed: the client waits.
 */
async function ownOutlet(
  {logging, mistakes}: ServedClient,
  {listener}: Words,
  id: string,
  client: Outlet,
): Promise<Outlet | undefined> {
  const own = logging.filter(({type}) => type !== 'stdout')
  if (own.length === 0 || listener !== undefined) return undefined
  const {openOutlets} = await import('./outlets.ts')
  const nobody = () => {}
  const tell = mistakes.length === 0 ? client.write : nobody
  return openOutlets(own, {verbose: false, write: nobody, tell, id})
}

/** For this host only: the client gets it as an error. */
function lastLine(ctx: RunContext, words: Words, error: unknown): LogLine {
  const line = ownLine(
    ctx,
    words,
    error instanceof Stopped ? 'info' : 'error',
    'the client is served no more',
  )
  return {...line, fields: {...line.fields, error: error instanceof Error ? error.message : String(error)}}
}

function ownLine(
  {clock, span}: RunContext,
  {identity}: Words,
  level: LogLine['level'],
  message: string,
): LogLine {
  const fields = {clientIdentity: identity, subsystem: 'rpc' satisfies Subsystem, span: span.stack}
  return {timeMs: clock.now(), level, message, fields}
}

async function serveOn(
  ctx: RunContext,
  {served, close}: ServedClient,
  tell: (line: string) => void,
): Promise<void> {
  const [reader, writer] = [byteReader(0), byteWriter(1)]
  if (served.kind === 'refused') ctx.log.of('job').error('client refused', {error: served.error.message})
  try {
    await unlessSilent(ctx, (signal) => awaitBegin(reader, signal))
    await serve(ctx, served, reader, writer, besideServing(reader, tell))
  } finally {
    await close(ctx)
  }
}
