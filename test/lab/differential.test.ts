import {afterAll, beforeAll, expect, test} from 'vitest'
import {compareSequence} from '../differential/compare.ts'
import {CYCLES} from '../differential/cycles/cycle.ts'
import {differencesOf} from '../differential/cycles/form.ts'
import {playInLab} from '../differential/cycles/in-lab.ts'
import {playOnSimulator} from '../differential/cycles/on-simulator.ts'
import {PROBES} from '../differential/probes.ts'
import {askZfs, PROFILE_OF, readRecording, recordedVersions} from '../differential/recording.ts'
import {wantedVersion} from './image.ts'
import {type Lab, openLab} from './lab.ts'

let lab: Lab
beforeAll(async () => {
  lab = await openLab()
})
afterAll(() => lab?.close())

/** A sample of the recorded sequences: all of them take minutes (`npm run differential -- record`). */
const SAMPLE = PROBES.filter((_, index) => index % 3 === 0)

const isRecorded = recordedVersions().includes(wantedVersion())

test.skipIf(!isRecorded)(
  'ZFS still answers as it was recorded, so what the simulator is compared with is true',
  async () => {
    const recording = readRecording(wantedVersion())
    const answers = await askZfs(SAMPLE, lab.ok)
    const divergences = SAMPLE.flatMap(
      (sequence) => compareSequence(sequence, recording[sequence.id] ?? [], answers[sequence.id] ?? []) ?? [],
    )
    expect(divergences).toEqual([])
    expect(Object.keys(answers)).toHaveLength(SAMPLE.length)
  },
)

// One of the cycles: all of them take minutes (`npm run differential -- cycles`).
test('whole runs of the executable, one with a stream that breaks off, give the same commands, reports and pools as in the simulator', async () => {
  const cycle = CYCLES.find(({id}) => id === 'broken-off')
  if (cycle === undefined) throw new Error('there is no such cycle')
  const real = await playInLab(cycle, lab.ok)
  expect(differencesOf(real, await playOnSimulator(cycle, PROFILE_OF[wantedVersion()]))).toEqual([])
})
