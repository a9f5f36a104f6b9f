import {readStreamHeader} from '../../src/lib/zfs/stream-header.ts'
import {
  addDataset,
  addPool,
  createHost,
  type Dataset,
  datasetsBelow,
  findDataset,
  type Host,
  mustFindDataset,
  mustFindPool,
  nextTxg,
  writeBlock,
} from '../sim/pool.ts'
import {PROFILES, type ProfileName} from '../sim/profile.ts'
import {createRandom} from '../sim/random.ts'
import {createStreamReader, RECORD_BYTES} from '../sim/stream.ts'
import {type Answer, complained, SILENT} from '../sim/zfs/answer.ts'
import {resumeTokenOf} from '../sim/zfs/properties.ts'
import {
  applyBlock,
  beginReceive,
  commitReceive,
  interruptReceive,
  type Receiving,
  readReceiveWords,
} from '../sim/zfs/receive.ts'
import {prepareSend, type Sending} from '../sim/zfs/send.ts'
import {runCommand} from '../sim/zfs.ts'
import type {Raw, RawObject} from './observe.ts'
import {atRoot, type Cut, isAsked, POOL, rootOf, type Sequence, type Step, type Words} from './sequence.ts'

/** What the simulator's ZFS does with a sequence, up to the step that it does not model. */
export async function runOnSimulator(
  sequence: Sequence,
  profile: ProfileName,
): Promise<{readonly raws: readonly Raw[]; readonly notModelled: string | undefined}> {
  const nature = {random: createRandom(7), nowMs: Date.UTC(2026, 0, 5), writes: 0, taken: new Map()}
  const host = createHost('host', PROFILES[profile], nature)
  addPool(host, POOL)
  const root = rootOf(sequence)
  addDataset(host, root, 'filesystem')
  const raws: Raw[] = []
  for (const step of sequence.steps) {
    nature.nowMs += 1000
    try {
      raws.push({...(await act(host, step, root)), state: stateOf(host, root)})
    } catch (error) {
      if (!(error instanceof Error && error.message.startsWith('not modelled'))) throw error
      return {raws, notModelled: error.message}
    }
  }
  return {raws, notModelled: undefined}
}

async function act(host: Host, step: Step, root: string): Promise<Omit<Raw, 'state'>> {
  const words = (of: Words) => atRoot(of, root)
  switch (step.do) {
    case 'zfs':
      return command(host, words(step.words))
    case 'write': {
      const [name = ''] = words([step.dataset])
      for (let block = step.first; block < step.first + step.count; block += 1)
        writeBlock(host, mustFindDataset(host, name), block)
      nextTxg(mustFindPool(host, name))
      return told(SILENT)
    }
    case 'create-encrypted': {
      const [name = ''] = words([step.dataset])
      addDataset(host, name, 'filesystem').encryption = {root: name, keyLoaded: true}
      return told(SILENT)
    }
    case 'unload-key': {
      const {encryption} = mustFindDataset(host, words([step.dataset])[0] ?? '')
      if (encryption !== undefined) encryption.keyLoaded = false
      return told(SILENT)
    }
    case 'header': {
      const sending = prepareSend(host, words(step.send))
      if ('exitCode' in sending) return told(sending)
      const header = readStreamHeader(sending.bytes)
      return {...told(SILENT), header: header.kind === 'header' ? header : undefined}
    }
    case 'transfer':
      return told(await transfer(host, prepareSend(host, words(step.send)), step.cut, words(step.receive)))
    case 'resume': {
      const [name = ''] = words([step.dataset])
      const token = tokenOf(host, name)
      if (token === undefined) return told(complained(['no token'], {exitCode: 99}))
      const sending = prepareSend(host, [...words(step.send), '-t', token])
      return told(await transfer(host, sending, step.cut, words(step.receive)))
    }
    case 'while-sending': {
      const sending = prepareSend(host, words(step.send))
      if ('exitCode' in sending) return told(sending)
      sending.to.longHolds += 1
      const answer = command(host, words(step.words))
      sending.to.longHolds -= 1
      return answer
    }
    case 'while-receiving': {
      const sending = prepareSend(host, words(step.send))
      if ('exitCode' in sending) return told(sending)
      const receiving = await receiveUntil(host, words(step.receive), shortened(sending, 'most'))
      const answer = command(host, words(step.words))
      if ('partial' in receiving) interruptReceive(host, receiving, 'cut')
      return answer
    }
  }
}

function command(host: Host, words: Words): Omit<Raw, 'state'> {
  const answer = runCommand(host, words)
  return {...told(answer), stdout: isAsked(words) ? answer.stdout : undefined}
}

function told({exitCode, stderr}: Answer): Omit<Raw, 'state'> {
  return {exit: exitCode, stderr, stdout: undefined}
}

async function transfer(host: Host, sending: Sending | Answer, cut: Cut, words: Words): Promise<Answer> {
  if ('exitCode' in sending) return sending
  const bytes = shortened(sending, cut)
  const received = await receiveUntil(host, words, bytes)
  if (!('partial' in received)) return received
  const isWhole = bytes.length === sending.bytes.length
  return isWhole ? commitReceive(host, received) : interruptReceive(host, received, 'cut')
}

/** With its END record, behind its BEGIN record where there is something to send, or within its last records. */
function shortened({bytes}: Sending, cut: Cut): Uint8Array {
  const begun = bytes.length > 2 * RECORD_BYTES ? RECORD_BYTES + 18 : bytes.length
  return bytes.subarray(
    0,
    {whole: bytes.length, begun, most: Math.max(RECORD_BYTES + 18, bytes.length - 320)}[cut],
  )
}

async function receiveUntil(host: Host, words: Words, bytes: Uint8Array): Promise<Receiving | Answer> {
  let at = 0
  const stream = createStreamReader(async (length) => {
    const some = bytes.subarray(at, at + length)
    at += some.length
    return some
  })
  const begin = await stream.begin()
  if (typeof begin === 'string') throw new Error(`the stream begins with ${begin}`)
  const receiving = beginReceive(host, readReceiveWords(words), begin)
  if (receiving === 'skip') return SILENT
  if ('exitCode' in receiving) return receiving
  for (;;) {
    const record = await stream.next()
    if (typeof record === 'string') return receiving
    applyBlock(receiving, record.block, record.version)
  }
}

function tokenOf(host: Host, name: string): string | undefined {
  const dataset = findDataset(host, name)
  return dataset && resumeTokenOf(dataset)
}

function stateOf(host: Host, root: string): readonly RawObject[] {
  const top = findDataset(host, root)
  return top === undefined ? [] : [top, ...datasetsBelow(host, root)].flatMap((one) => objectsOf(host, one))
}

const NONE = {userrefs: '-', deferDestroy: '-', origin: '-', token: '-', written: '-'}

/** A dataset with its snapshots and bookmarks, as they list. */
export function objectsOf(host: Host, dataset: Dataset): readonly RawObject[] {
  const {name, type, guid, createtxg, origin, head, snapshots, bookmarks} = dataset
  const originName =
    origin &&
    `${origin.dataset}@${findDataset(host, origin.dataset)?.snapshots.find((one) => one.guid === origin.guid)?.name}`
  const own = {
    ...NONE,
    ...{name, type, guid, createtxg: String(createtxg)},
    origin: originName ?? '-',
    token: tokenOf(host, name) ?? '-',
    written: head === (snapshots.at(-1)?.content ?? []) ? '0' : '4096',
  }
  return [
    own,
    ...snapshots.map((one) => ({
      ...NONE,
      ...{name: `${name}@${one.name}`, type: 'snapshot', guid: one.guid, createtxg: String(one.createtxg)},
      userrefs: String(one.holds.size),
      deferDestroy: one.deferDestroy ? 'on' : 'off',
    })),
    ...bookmarks.map((one) => ({
      ...NONE,
      ...{name: `${name}#${one.name}`, type: 'bookmark', guid: one.guid, createtxg: String(one.createtxg)},
    })),
  ]
}
