import type {ZfsVersion} from '../../lab/image.ts'
import {PROFILE_OF} from '../recording.ts'
import {CYCLES} from './cycle.ts'
import {differencesOf} from './form.ts'
import {playOnSimulator} from './on-simulator.ts'
import {readRecordedCycles} from './recording.ts'

/** Plays every cycle that was recorded on the simulator, and says where it comes to something else. */
export async function compareCycles(
  version: ZfsVersion,
): Promise<readonly {readonly id: string; readonly runs: number; readonly differences: readonly string[]}[]> {
  const recorded = readRecordedCycles(version)
  const compared = []
  for (const cycle of CYCLES) {
    const real = recorded[cycle.id]
    if (real === undefined) continue
    const differences = differencesOf(real, await playOnSimulator(cycle, PROFILE_OF[version]))
    compared.push({id: cycle.id, runs: real.length, differences})
  }
  return compared
}
