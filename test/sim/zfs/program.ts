import {DESTROY_PROGRAM} from '../../../src/lib/zfs/destroy-program.ts'
import {dependentsOf, findDataset, findPool, type Host, nextTxg, noteSnapshotsChanged} from '../pool.ts'
import {type Command, complained, printed} from './answer.ts'
import {notModelled, readOptions} from './options.ts'

const MISSING = 2
const BUSY = 16
const EXISTS = 17
const REPLACED = -1

/** `zfs program -j` of the one program that is known: it is recognised, not interpreted. All of it happens at once. */
export function* program(host: Host, words: readonly string[], input: string): Command {
  const {flags, operands} = readOptions(words, 'j', 'tm')
  const [pool = '', script, ...judged] = operands
  if (!flags.has('j') || script !== '-' || input !== DESTROY_PROGRAM)
    throw notModelled(words, 'this channel program')
  yield
  const found = findPool(host, pool)
  if (found === undefined)
    return complained([`cannot open '${pool}': no such pool`, `cannot open pool '${pool}'`])
  if (host.runsAs !== 'root')
    return complained([
      'Channel program execution failed:',
      'Permission denied. Channel programs must be run as root.',
    ])
  const answers: Record<string, number> = {}
  for (let at = 0; at < judged.length; at += 2)
    answers[judged[at] ?? ''] = answerOfProgram(host, judged[at] ?? '', judged[at + 1] ?? '')
  const doomed = new Set(Object.keys(answers).filter((name) => answers[name] === 0))
  if (doomed.size > 0) nextTxg(found)
  for (const dataset of found.datasets.values()) {
    const stays = dataset.snapshots.filter(({name}) => !doomed.has(`${dataset.name}@${name}`))
    if (stays.length < dataset.snapshots.length) noteSnapshotsChanged(host, dataset)
    dataset.snapshots = stays
  }
  return printed(JSON.stringify({return: answers}))
}

/** What the program says of one snapshot, right before it is destroyed. */
export function answerOfProgram(host: Host, name: string, guid: string): number {
  const [dataset = '', short = ''] = name.split('@')
  const found = findDataset(host, dataset)
  const snapshot = found?.snapshots.find((one) => one.name === short)
  if (found === undefined || snapshot === undefined) return MISSING
  if (`g${BigInt.asIntN(64, BigInt(snapshot.guid))}` !== guid) return REPLACED
  if (snapshot.holds.size > 0 || snapshot.longHolds > 0) return BUSY
  return dependentsOf(host, found, snapshot).length > 0 ? EXISTS : 0
}
