import type {RunContext} from '../core/context.ts'
import type {IncomingStream} from '../core/stream.ts'
import type {Outcome, ReceiveArgs, SendArgs, ZfsClient} from '../zfs/client.ts'
import {datasetOf} from '../zfs/name.ts'
import {ERRNO, failureOfReceive, failureOfSend} from '../zfs/read-errno.ts'
import type {ZfsFailure} from '../zfs/read-stderr.ts'
import {decodeResumeToken} from '../zfs/resume-token.ts'
import {readStreamHeader} from '../zfs/stream-header.ts'
import {nameOfSnapshot, nameOfVersion} from '../zfs/version.ts'
import {askAgain, DONE, failed} from './command.ts'
import type {Library, LibrarySend, LibraryStreamEnd} from './library.ts'

/**
 * Streams by libzfs_core. Left with the command is what the kernel does not do by itself: streams with properties or of a
 * partial receive (`zfs send -S`), properties set while receiving, and the replacement of a placeholder.
 */
export function createLibraryStreams(
  library: Library,
  cli: ZfsClient,
): Pick<ZfsClient, 'estimate' | 'send' | 'receive'> {
  return {
    async estimate(ctx, args) {
      const stream = sendOf(args)
      const size = stream && (await library.measure(ctx, stream))
      if (size === undefined) return await cli.estimate(ctx, args)
      if (size.errno === 0) return size.bytes
      ctx.log.of('zfs.lib').debug('zfs has no estimate', {reason: failureOfSend(size.errno).message})
      return undefined
    },

    async send(ctx, args, into) {
      const stream = sendOf(args)
      const end = stream && (await library.send(ctx, stream, into))
      return end === undefined ? await cli.send(ctx, args, into) : outcomeOf(end, failureOfSend)
    },

    async receive(ctx, args, from) {
      if (needsCommand(args)) return await cli.receive(ctx, args, from)
      const watched = watchHead(from)
      const end = await library.receive(ctx, args.to, watched.stream)
      if (end === undefined) return await cli.receive(ctx, args, from)
      if (end.kind === 'ended' && end.errno === ERRNO.busy) return failed(await whyBusy(ctx, cli, args))
      return outcomeOf(end, (errno) => failureOfReceive(errno, {raw: watched.raw()}))
    },
  }
}

/** `undefined` when only the command can send it. */
function sendOf({to, from, flags, resumeToken}: SendArgs): LibrarySend | undefined {
  if (flags.properties || flags.backupProperties || flags.saved) return undefined
  const ends = {to: nameOfSnapshot(to), from: from && nameOfVersion(from)}
  if (resumeToken === undefined) return {...ends, flags: flagsOf(flags), resume: undefined}
  const state = decodeResumeToken(resumeToken)
  if (state.kind === 'useless') return undefined
  // Its caller has compared it with the plan. The stream goes on as it has begun, whatever is configured by now.
  const {largeBlocks, compressed, embedded, object, offset, bytes} = state
  return {
    ...ends,
    flags: {raw: flags.raw, largeBlocks, compressed, embedded},
    resume: {object, offset, bytes},
  }
}

/** `-w` sends blocks as they are on disk, whatever that takes. */
function flagsOf({raw, largeBlocks, compressed, embedded}: SendArgs['flags']): LibrarySend['flags'] {
  return {
    raw,
    largeBlocks: largeBlocks || raw,
    compressed: compressed || raw,
    embedded: embedded || raw,
  }
}

/** What is only to be left out of a stream (`-x`) does not matter here: a stream with properties goes to the command. */
function needsCommand({replacesPlaceholder, override}: ReceiveArgs): boolean {
  return replacesPlaceholder || override.size > 0
}

/** Remembers what was seen of a stream. */
function watchHead(stream: IncomingStream): {readonly stream: IncomingStream; raw(): boolean} {
  let seen: Uint8Array = new Uint8Array(0)
  return {
    stream: {
      ...stream,
      inspect(head) {
        seen = head
        return stream.inspect(head)
      },
    },
    raw() {
      const header = readStreamHeader(seen)
      return header.kind === 'header' && header.raw
    },
  }
}

/** A number for what somebody else receives and for what an earlier receive has left: only a look tells them apart. */
async function whyBusy(ctx: RunContext, cli: ZfsClient, {to}: ReceiveArgs): Promise<ZfsFailure> {
  const dataset = datasetOf(to)
  const listing = await askAgain(ctx, () => cli.list(ctx, {roots: [dataset], recursive: false}))
  const [found] = listing?.datasets ?? []
  return found?.resumeToken === undefined
    ? failureOfReceive(ERRNO.busy, {raw: false})
    : {kind: 'partial-receive', message: 'destination contains partially-complete state'}
}

function outcomeOf(end: LibraryStreamEnd, failureOf: (errno: number) => ZfsFailure): Outcome {
  if (end.kind === 'died')
    return failed({kind: 'unknown', message: 'the process that calls libzfs_core has ended'})
  return end.errno === 0 ? DONE : failed(failureOf(end.errno))
}
