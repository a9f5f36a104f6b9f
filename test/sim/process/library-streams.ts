import {type RunContext, withSpan} from '../../../src/lib/core/context.ts'
import type {Library, LibrarySend, LibraryStreamEnd} from '../../../src/lib/zfs-client/library.ts'
import type {ProgramCall, ProgramResult} from '../../../src/lib/zfs-client/run-program.ts'
import {encodeResumeToken} from '../../unit/zfs/encode-resume-token.ts'
import {errnoOfReceive, errnoOfSend} from '../library.ts'
import {findDataset, findSnapshot, type Host} from '../pool.ts'
import {asHeir} from './lock.ts'
import type {Process} from './process.ts'
import {type Director, runDisturbed} from './program.ts'

/**
 * Streams of libzfs_core on the model of ZFS: done as the commands that do the same, each of which can be disturbed. What a
 * command complains of is a number then. Where it is ended by a signal, it was the child that makes the call.
 */
export function createSimulatedStreams(
  process: Process,
  director: Director,
  nextCall: () => number,
): Pick<Library, 'measure' | 'send' | 'receive'> {
  async function call(ctx: RunContext, words: Words): Promise<ProgramResult> {
    const whole = {program: 'zfs', deadlineMs: undefined, ...words, libraryCall: nextCall()}
    const span = `libzfs_core ${words.argv[0] ?? ''}`
    return await process.whileAlive(
      asHeir(process, () => withSpan(ctx, span, {}, (ctx) => runDisturbed(ctx, whole, process, director))),
    )
  }

  return {
    async measure(ctx, stream) {
      const words = wordsOf(process.host, stream)
      if (words === undefined) return {errno: MISSING, bytes: 0n}
      const argv = ['send', '-n', '-v', '-P', ...words]
      const result = await call(ctx, {argv, mutates: false, stdin: 'none', stdout: 'text'})
      if (result.signal !== undefined) return undefined
      const [, bytes] = /^size\t(\d+)$/m.exec(result.stdout) ?? []
      return bytes === undefined
        ? {errno: errnoOfSend(result.stderr), bytes: 0n}
        : {errno: 0, bytes: BigInt(bytes)}
    },

    async send(ctx, stream, into) {
      const words = wordsOf(process.host, stream)
      if (words === undefined) return {kind: 'ended', errno: MISSING}
      const argv = ['send', ...words]
      return endOf(await call(ctx, {argv, mutates: false, stdin: 'none', stdout: into}), errnoOfSend)
    },

    async receive(ctx, to, from) {
      const argv = ['receive', '-s', '-u', to]
      return endOf(await call(ctx, {argv, mutates: true, stdin: from, stdout: 'text'}), errnoOfReceive)
    },
  }
}

type Words = Pick<ProgramCall, 'argv' | 'mutates' | 'stdin' | 'stdout'>

const MISSING = 2

/** The words of `zfs send` that mean the same; `undefined` when there is no such snapshot. */
function wordsOf(host: Host, {to, from, flags, resume}: LibrarySend): readonly string[] | undefined {
  const raw = flags.raw ? ['-w'] : []
  if (resume === undefined) {
    const {compressed, embedded, largeBlocks} = flags
    const options = [
      ...raw,
      ...(largeBlocks && !flags.raw ? ['-L'] : []),
      ...(compressed && !flags.raw ? ['-c'] : []),
      ...(embedded && !flags.raw ? ['-e'] : []),
    ]
    return [...options, ...(from === undefined ? [] : ['-i', from]), to]
  }
  const toguid = findSnapshot(host, to)?.guid
  const fromguid = from && guidOf(host, from)
  if (toguid === undefined || (from !== undefined && fromguid === undefined)) return undefined
  const token = encodeResumeToken({
    toguid: BigInt(toguid),
    ...(fromguid === undefined ? {} : {fromguid: BigInt(fromguid)}),
    toname: to,
    ...resume,
    ...flags,
  })
  return [...raw, '-t', token]
}

function guidOf(host: Host, name: string): string | undefined {
  if (!name.includes('#')) return findSnapshot(host, name)?.guid
  const [dataset = '', short] = name.split('#')
  return findDataset(host, dataset)?.bookmarks.find((bookmark) => bookmark.name === short)?.guid
}

function endOf(
  {exitCode, signal, stderr}: ProgramResult,
  errnoOf: (stderr: string) => number,
): LibraryStreamEnd {
  if (signal !== undefined) return {kind: 'died'}
  return {kind: 'ended', errno: exitCode === 0 ? 0 : errnoOf(stderr)}
}
