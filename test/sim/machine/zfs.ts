import {readFileSync, readSync, writeSync} from 'node:fs'
import type {Host} from '../pool.ts'
import {type Beginning, createStreamReader} from '../stream.ts'
import {type Answer, complained, SILENT} from '../zfs/answer.ts'
import {applyBlock, beginReceive, commitReceive, interruptReceive, readReceiveWords} from '../zfs/receive.ts'
import {prepareSend} from '../zfs/send.ts'
import {runCommand} from '../zfs.ts'
import {withMachine} from './state.ts'

/**
 * `zfs` as a program, on a machine that is a file: `bun zfs.ts MACHINE WORDS…`. The compiled executable can run against it
 * where there is no ZFS: the same model as in memory, with real processes, pipes and descriptors. `installZfs` puts it in
 * the place of the real one.
 */
if (import.meta.main) {
  const [, , file = '', ...argv] = process.argv
  const {stdout, stderr, exitCode} = await answerTo(file, argv)
  writeAll(1, Buffer.from(stdout))
  writeAll(2, Buffer.from(stderr))
  process.exitCode = exitCode
}

async function answerTo(file: string, argv: readonly string[]): Promise<Answer> {
  const [verb, ...words] = argv
  if (verb === 'send' && !words.includes('-n')) return send(file, words)
  if (verb === 'receive' && words[0] !== '-A') return await receive(file, words)
  const input = verb === 'program' ? readFileSync(0, 'utf8') : ''
  return withMachine(file, (host) => runCommand(host, argv, input))
}

function send(file: string, words: readonly string[]): Answer {
  const sending = withMachine(file, (host) => prepareSend(host, words))
  if ('exitCode' in sending) return sending
  writeAll(1, sending.bytes)
  return SILENT
}

/** Looks at the first record, then takes all of the stream, then changes the machine at once. */
async function receive(file: string, words: readonly string[]): Promise<Answer> {
  const wanted = readReceiveWords(words)
  const stream = createStreamReader((length) => Promise.resolve(readFully(length)))
  const begin = await stream.begin()
  if (begin === 'nothing') return complained(['cannot receive: failed to read from stream'])
  if (begin === 'bad-magic') return complained(['cannot receive: invalid stream (bad magic number)'])
  const refusal = refusalOf(file, wanted, begin)
  if (refusal !== undefined) return refusal

  const blocks: {readonly block: number; readonly version: number}[] = []
  let record = await stream.next()
  for (; typeof record === 'object'; record = await stream.next()) blocks.push(record)
  return withMachine(file, (host) => {
    const receiving = beginReceive(host, wanted, begin)
    if (receiving === 'skip') return SILENT
    if ('exitCode' in receiving) return receiving
    for (const {block, version} of blocks) applyBlock(receiving, block, version)
    return record === 'cut' || record === 'damaged'
      ? interruptReceive(host, receiving, record)
      : commitReceive(host, receiving)
  })
}

/** What stands against the stream, found out on a copy. */
function refusalOf(
  file: string,
  wanted: ReturnType<typeof readReceiveWords>,
  begin: Beginning,
): Answer | undefined {
  const begun = withMachine(file, (host) => beginReceive(structuredClone<Host>(host), wanted, begin))
  return begun !== 'skip' && 'exitCode' in begun ? begun : undefined
}

function readFully(length: number): Uint8Array {
  const bytes = new Uint8Array(length)
  let filled = 0
  while (filled < length) {
    const count = readSync(0, bytes, filled, length - filled, null)
    if (count === 0) break
    filled += count
  }
  return bytes.subarray(0, filled)
}

function writeAll(fd: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at)
}
