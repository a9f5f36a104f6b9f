import type {CommandFault} from './fault.ts'
import {findDataset} from './pool.ts'
import type {Baseline} from './scenario.ts'
import {receiverName} from './world.ts'

const DATASET = 'tank/data/a b'

/** What somebody else does, without when. */
export type Deed = Omit<Extract<CommandFault, {kind: 'foreign'}>, 'at'>

/**
 * What people and other tools do in the middle of a run: with a snapshot that is there before it, the oldest or the
 * newest, and with the receiver's copy.
 */
export function deedsOf({start}: Baseline): readonly Deed[] {
  const copy = receiverName(start, DATASET)
  const snapshots = findDataset(start.sender, DATASET)?.snapshots ?? []
  const [first, last] = [snapshots[0]?.name, snapshots.at(-1)?.name]
  const onSender = [
    ['destroy', `${DATASET}@${first}`],
    ['destroy', `${DATASET}@${last}`],
    ['destroy', '-d', `${DATASET}@${first}`],
    ['destroy', '-d', `${DATASET}@${last}`],
    ['destroy', '-r', DATASET],
    ['rollback', '-r', `${DATASET}@${first}`],
    ['rename', `${DATASET}@${last}`, `${DATASET}@renamed`],
    ['rename', DATASET, 'tank/data/moved'],
    ['hold', 'mine', `${DATASET}@${first}`],
    ['replace', `${DATASET}@${first}`],
    ['clone', `${DATASET}@${first}`, 'tank/try'],
    ['snapshot', `${DATASET}@manual`],
    ['bookmark', `${DATASET}@${first}`, `${DATASET}#mine`],
    ['write', DATASET],
  ]
  const onReceiver = [
    ['snapshot', `${copy}@foreign`],
    ['snapshot', `${copy}@${last}`],
    ['destroy', `${copy}@${first}`],
    ['replace', `${copy}@${first}`],
    ['destroy', '-r', copy],
    ['rename', copy, 'vault/unrelated/moved'],
    ['rollback', '-r', `${copy}@${first}`],
    ['receive', '-A', copy],
    ['hold', 'mine', `${copy}@${first}`],
  ]
  return [
    ...onSender.map((argv): Deed => ({kind: 'foreign', host: start.sender.name, argv})),
    ...onReceiver.map((argv): Deed => ({kind: 'foreign', host: start.receiver.name, argv})),
  ]
}
