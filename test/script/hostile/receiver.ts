import {appendFileSync, readFileSync} from 'node:fs'
import {join} from 'node:path'
import {parseJobId} from '../../../src/lib/abstraction/job-id.ts'
import {createProcessContext} from '../../../src/lib/app/process-context.ts'
import {OperationalError} from '../../../src/lib/core/errors.ts'
import type {LocalReceiver} from '../../../src/lib/endpoint/receiver.ts'
import {byteReader, byteWriter} from '../../../src/lib/host/pipe.ts'
import {greetAsServer} from '../../../src/lib/rpc/prelude.ts'
import {serve} from '../../../src/lib/rpc/serve.ts'
import {parseDatasetName} from '../../../src/lib/zfs/name.ts'
import {readStreamHeader, STREAM_HEADER_BYTES} from '../../../src/lib/zfs/stream-header.ts'

/** What came when a filesystem was sent: a line of `seen`. */
export type Seen = {
  readonly filesystem: string
  readonly to: string
  readonly stream: ReturnType<typeof readStreamHeader>
}

/**
 * Stands in for `ssh`: `bun receiver.ts DIRECTORY …`. A sink that speaks the protocol well and lies: it claims to have
 * begun to receive each filesystem of `tokens` and offers that token, and looks at what it is sent.
 */
if (import.meta.main) {
  const [, , directory = ''] = process.argv
  const tokens = JSON.parse(readFileSync(join(directory, 'tokens'), 'utf8')) as Record<string, string>
  const reader = byteReader(0)
  const receiver: LocalReceiver = {
    observe: async () => ({
      jobId: parseJobId('hostile'),
      clockMs: Date.now(),
      missing: [],
      filesystems: Object.entries(tokens).map(([filesystem, resumeToken]) => ({
        filesystem: parseDatasetName(filesystem),
        type: 'filesystem',
        placeholder: false,
        encrypted: false,
        resumeToken,
        versions: [],
        holds: new Map(),
      })),
    }),
    abortPartial: async (_, filesystems) => filesystems.map(() => ({kind: 'done'})),
    setAside: async () => [],
    holdLastReceived: async () => [],
    estimateDestroy: async () => [],
    destroySnapshots: async () => [],
    async receive(ctx, {filesystem, to}) {
      const bytes = await reader.read(STREAM_HEADER_BYTES, ctx.signal)
      const seen: Seen = {filesystem, to: to.guid, stream: readStreamHeader(bytes ?? new Uint8Array())}
      appendFileSync(join(directory, 'seen'), `${JSON.stringify(seen)}\n`)
      throw new OperationalError('receive-failed', 'seen enough')
    },
  }
  const ctx = createProcessContext('hostile', 'error', 'human')
  const writer = byteWriter(1)
  await greetAsServer(reader, writer, ctx.signal)
  await serve(ctx, {kind: 'receiver', receiver}, reader, writer)
}
