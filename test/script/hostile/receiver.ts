import {appendFileSync, readFileSync} from 'node:fs'
import {join} from 'node:path'
import {parseJobId} from '../../../src/lib/abstraction/job-id.ts'
import {besideServing} from '../../../src/lib/app/beside-serving.ts'
import {createProcessContext} from '../../../src/lib/app/process-context.ts'
import {stderrOutlet} from '../../../src/lib/app/stderr-outlet.ts'
import {OperationalError} from '../../../src/lib/core/errors.ts'
import type {LocalReceiver} from '../../../src/lib/endpoint/receiver.ts'
import {byteReader, byteWriter} from '../../../src/lib/host/pipe.ts'
import {greetAsServer} from '../../../src/lib/rpc/prelude.ts'
import {serve} from '../../../src/lib/rpc/serve.ts'
import {parseComponent, parseCreatetxg, parseDatasetName, parseGuid} from '../../../src/lib/zfs/name.ts'
import {readStreamHeader, STREAM_HEADER_BYTES} from '../../../src/lib/zfs/stream-header.ts'
import {createStreamReader} from '../../sim/stream.ts'

/** What came when a filesystem was sent: a line of `seen`. */
export type Seen = {
  readonly filesystem: string
  readonly to: string
  readonly stream: ReturnType<typeof readStreamHeader>
}

/** What it says it has. */
export type Claims = {
  readonly filesystems: readonly {
    readonly filesystem: string
    /** Of a receive it has begun. */
    readonly resumeToken?: string
    readonly snapshots?: readonly {readonly name: string; readonly guid: string}[]
  }[]
  /** Says that it has received what it is sent; else it refuses it. */
  readonly pretends: boolean
}

/**
 * Stands in for `ssh`: `bun receiver.ts DIRECTORY …`. A sink that speaks the protocol well and lies: it has whatever the
 * file `claims` says, and looks at what it is sent.
 */
if (import.meta.main) {
  const [, , directory = ''] = process.argv
  const claims = JSON.parse(readFileSync(join(directory, 'claims'), 'utf8')) as Claims
  const reader = byteReader(0)
  const receiver: LocalReceiver = {
    observe: async () => ({
      jobId: parseJobId('hostile'),
      clockMs: Date.now(),
      maxStreams: 1,
      compressions: [],
      missing: [],
      filesystems: claims.filesystems.map(({filesystem, resumeToken, snapshots = []}) => ({
        filesystem: parseDatasetName(filesystem),
        type: 'filesystem',
        placeholder: false,
        encrypted: false,
        resumeToken,
        versions: snapshots.map(({name, guid}, index) => ({
          kind: 'snapshot',
          filesystem: parseDatasetName(filesystem),
          name: parseComponent(name),
          guid: parseGuid(guid),
          createtxg: parseCreatetxg(String(index + 1)),
          creation: 1_600_000_000,
          userrefs: 0,
        })),
        holds: new Map(),
      })),
    }),
    abortPartial: async (_, filesystems) => filesystems.map(() => ({kind: 'done'})),
    setAside: async () => [],
    holdLastReceived: async (_, requests) => requests.map(() => ({kind: 'done'})),
    estimateDestroy: async () => [],
    destroySnapshots: async (_, requests) =>
      requests.map(({filesystem, snapshots}) => ({
        filesystem,
        outcomes: snapshots.map(() => ({kind: 'done'})),
      })),
    async receive(ctx, [request]) {
      if (request === undefined) throw new OperationalError('peer-protocol', 'no stream was announced')
      const {filesystem, to} = request
      const bytes = await reader.read(STREAM_HEADER_BYTES, ctx.signal)
      const seen: Seen = {filesystem, to: to.guid, stream: readStreamHeader(bytes ?? new Uint8Array())}
      appendFileSync(join(directory, 'seen'), `${JSON.stringify(seen)}\n`)
      if (!claims.pretends) throw new OperationalError('receive-failed', 'seen enough')
      let first = bytes
      const stream = createStreamReader(async (length) => {
        const next = first ?? (await reader.read(length, ctx.signal))
        first = undefined
        return next ?? new Uint8Array()
      })
      await stream.begin()
      while (typeof (await stream.next()) === 'object');
      return {arrived: 1, warnings: []}
    },
  }
  const ctx = createProcessContext('hostile', stderrOutlet({level: 'error'}))
  const writer = byteWriter(1)
  await greetAsServer(reader, writer, ctx.signal)
  await serve(
    ctx,
    {kind: 'receiver', receiver},
    reader,
    writer,
    besideServing(reader, () => {}),
  )
}
