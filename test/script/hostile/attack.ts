import {byteReader, byteWriter, createPipe} from '../../../src/lib/host/pipe.ts'
import {encodeFrame, readFrame} from '../../../src/lib/rpc/frame.ts'
import {greetAsClient} from '../../../src/lib/rpc/prelude.ts'
import {readStreamHeader, STREAM_HEADER_BYTES} from '../../../src/lib/zfs/stream-header.ts'
import {numberOf} from '../../any-stream.ts'

/** A `zrepl stdinserver`, and a client that says to it whatever it likes. */
export type Victim = {
  /** One request, bytes as they are behind it, and the answer: its verb, or the code of the error, or `hung up`. */
  ask(request: object, stream?: Uint8Array): Promise<string>
  /** Which filesystems it shows. */
  observed(): Promise<readonly string[]>
  /** Bytes that are no request. */
  write(bytes: Uint8Array): Promise<void>
  /** What follows the answer: the first bytes of a stream. */
  header(): Promise<ReturnType<typeof readStreamHeader>>
  /** Hangs up; how it ended. */
  end(): Promise<{readonly exitCode: number; readonly stderr: string}>
}

type Answer = {
  readonly verb: string
  readonly error?: {readonly code: string}
  readonly filesystems?: readonly {readonly filesystem: string}[]
}

/** Starts `argv` and greets it. */
export async function attack(argv: readonly string[]): Promise<Victim> {
  const {signal} = new AbortController()
  const [there, back] = [createPipe(), createPipe()]
  const child = Bun.spawn([...argv], {
    cwd: '/',
    stdin: numberOf(there.reader.stream),
    stdout: numberOf(back.writer.stream),
    stderr: 'pipe',
    env: {PATH: '/usr/sbin:/usr/bin:/sbin:/bin'},
  })
  const stderr = new Response(child.stderr).text()
  there.reader.close()
  back.writer.close()
  const [reader, writer] = [
    byteReader(numberOf(back.reader.stream)),
    byteWriter(numberOf(there.writer.stream)),
  ]
  await greetAsClient(reader, writer, signal)
  let id = 0

  async function answerTo(request: object, stream?: Uint8Array): Promise<Answer | undefined> {
    id += 1
    await writer.write(encodeFrame('request', {id, ...request}), signal)
    if (stream !== undefined) await writer.write(stream, signal)
    return (await readFrame(reader, 'response', signal)) as Answer | undefined
  }

  return {
    write: (bytes) => writer.write(bytes, signal),
    async ask(request, stream) {
      const answer = await answerTo(request, stream)
      return answer?.error?.code ?? answer?.verb ?? 'hung up'
    },
    async observed() {
      const answer = await answerTo({verb: 'observe'})
      return answer?.filesystems?.map(({filesystem}) => filesystem) ?? []
    },
    header: async () =>
      readStreamHeader((await reader.read(STREAM_HEADER_BYTES, signal)) ?? new Uint8Array()),
    async end() {
      there.writer.close()
      back.reader.close()
      return {exitCode: await child.exited, stderr: await stderr}
    },
  }
}
