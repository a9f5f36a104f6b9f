import {
  addDataset,
  addPool,
  createHost,
  findDataset,
  type Host,
  mustFindDataset,
  writeBlock,
} from '../../sim/pool.ts'
import {PROFILES, type ProfileName} from '../../sim/profile.ts'
import {createRandom} from '../../sim/random.ts'
import {createStreamReader} from '../../sim/stream.ts'
import type {Answer} from '../../sim/zfs/answer.ts'
import {
  applyBlock,
  beginReceive,
  commitReceive,
  interruptReceive,
  readReceiveWords,
} from '../../sim/zfs/receive.ts'
import {prepareSend} from '../../sim/zfs/send.ts'
import {runCommand} from '../../sim/zfs.ts'

/** A host with the pool `tank` and the dataset `tank/a`, which has five blocks and the snapshots `1` and `2`. */
export function hostWithHistory(profile: ProfileName = '2.3.2'): Host {
  const nature = {random: createRandom(1), nowMs: 1_700_000_000_000, writes: 0, taken: new Map()}
  const host = createHost('host', PROFILES[profile], nature)
  addPool(host, 'tank')
  const dataset = addDataset(host, 'tank/a', 'filesystem')
  for (let block = 0; block < 5; block += 1) writeBlock(host, dataset, block)
  zfs(host, 'snapshot tank/a@1')
  for (let block = 0; block < 3; block += 1) writeBlock(host, dataset, block)
  zfs(host, 'snapshot tank/a@2')
  return host
}

/** Words between blanks; what it printed, or its complaint with the exit status in front. */
export function zfs(host: Host, words: string): string {
  const {stdout, stderr, exitCode} = runCommand(host, words.split(' '))
  return exitCode === 0 ? stdout : `${exitCode} ${stderr.trimEnd()}`
}

/** `zfs send … | head -c BYTES | zfs receive …` on one host: `ok` or the complaint of whoever had one. */
export async function transfer(host: Host, send: string, receive: string, bytes?: number): Promise<string> {
  const sending = prepareSend(host, send.split(' '))
  if ('exitCode' in sending) return sending.stderr.trimEnd()
  return told(await receiveBytes(host, receive, sending.bytes.subarray(0, bytes ?? sending.bytes.length)))
}

async function receiveBytes(host: Host, words: string, bytes: Uint8Array): Promise<Answer> {
  let at = 0
  const stream = createStreamReader(async (length) => {
    const some = bytes.subarray(at, at + length)
    at += some.length
    return some
  })
  const begin = await stream.begin()
  if (typeof begin === 'string') throw new Error(`the stream begins with ${begin}`)
  const receiving = beginReceive(host, readReceiveWords(words.split(' ')), begin)
  if (receiving === 'skip') return {stdout: '', stderr: '', exitCode: 0}
  if ('exitCode' in receiving) return receiving
  for (;;) {
    const record = await stream.next()
    if (record === 'end') return commitReceive(host, receiving)
    if (typeof record === 'string') return interruptReceive(host, receiving, record)
    applyBlock(receiving, record.block, record.version)
  }
}

function told({stderr, exitCode}: Answer): string {
  return exitCode === 0 ? 'ok' : stderr.trimEnd()
}

/** `1 2 #b` of the versions of a dataset; `-` when it does not exist. */
export function versionsOf(host: Host, name: string): string {
  const dataset = findDataset(host, name)
  if (dataset === undefined) return '-'
  return [...dataset.snapshots.map(({name}) => name), ...dataset.bookmarks.map(({name}) => `#${name}`)].join(
    ' ',
  )
}

/** The resume token of a dataset, or `-`. */
export function tokenOf(host: Host, name: string): string {
  const row = zfs(
    host,
    `get -Hp -d 0 -t filesystem,volume -s none -o name,property,value,source receive_resume_token ${name}`,
  )
  return row.split('\t')[2] ?? ''
}

export function write(host: Host, name: string): void {
  writeBlock(host, mustFindDataset(host, name), 0)
}
