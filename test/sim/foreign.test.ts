import {describe, expect, test} from 'vitest'
import type {Fault} from './fault.ts'
import {type Baseline, describeFailure, playForeign, prepare} from './scenario.ts'
import {receiverName} from './world.ts'

const DATASET = 'tank/data/a b'

/** What people and other tools do, with the snapshots of the scenario by their age. */
function deedsOf({start}: Baseline): readonly (readonly [host: string, ...argv: string[]])[] {
  const copy = receiverName(start, DATASET)
  const snapshots = start.sender.pools.get('tank')?.datasets.get(DATASET)?.snapshots ?? []
  const first = snapshots[0]?.name
  const last = snapshots.at(-1)?.name
  return [
    ['prod', 'destroy', `${DATASET}@${first}`],
    ['prod', 'destroy', `${DATASET}@${last}`],
    ['prod', 'destroy', '-d', `${DATASET}@${first}`],
    ['prod', 'destroy', '-d', `${DATASET}@${last}`],
    ['prod', 'destroy', '-r', DATASET],
    ['prod', 'rollback', '-r', `${DATASET}@${first}`],
    ['prod', 'rename', `${DATASET}@${last}`, `${DATASET}@renamed`],
    ['prod', 'rename', DATASET, 'tank/data/moved'],
    ['prod', 'hold', 'mine', `${DATASET}@${first}`],
    ['prod', 'snapshot', `${DATASET}@manual`],
    ['prod', 'bookmark', `${DATASET}@${first}`, `${DATASET}#mine`],
    ['prod', 'write', DATASET],
    ['backup', 'snapshot', `${copy}@foreign`],
    ['backup', 'snapshot', `${copy}@${last}`],
    ['backup', 'destroy', `${copy}@${first}`],
    ['backup', 'destroy', '-r', copy],
    ['backup', 'rename', copy, 'vault/unrelated/moved'],
    ['backup', 'rollback', '-r', `${copy}@${first}`],
    ['backup', 'receive', '-A', copy],
    ['backup', 'hold', 'mine', `${copy}@${first}`],
  ]
}

describe.each([
  ['push', 'initial'],
  ['push', 'incremental'],
  ['pull', 'incremental'],
] as const)('%s, %s', (direction, stage) => {
  test('what others do between any two commands ends well, or in a conflict that is left alone', async () => {
    const options = {direction}
    const baseline = await prepare({options, stage})
    const failures: string[] = []
    for (const [index, [host, ...argv]] of deedsOf(baseline).entries())
      for (let at = index % STEP; at < baseline.trace.length; at += STEP) {
        const fault: Fault = {kind: 'foreign', at, host, argv}
        const {problems} = await playForeign(baseline, fault)
        if (problems.length > 0) failures.push(describeFailure({options, stage, faults: [fault]}, problems))
      }
    expect(failures.slice(0, 5).join('\n')).toBe('')
  }, 600_000)
})

/** Each deed falls before every so many commands, starting at another one each. */
const STEP = Number(process.env['SIM_FOREIGN_STEP'] ?? 8)
