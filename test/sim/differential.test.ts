import {describe, expect, test} from 'vitest'
import {noLongerAgreed, readAgreed} from '../differential/agreed.ts'
import {compareWithSimulator} from '../differential/compare.ts'
import {CYCLES} from '../differential/cycles/cycle.ts'
import {differencesOf} from '../differential/cycles/form.ts'
import {playOnSimulator} from '../differential/cycles/on-simulator.ts'
import {readRecordedCycles} from '../differential/cycles/recording.ts'
import {isKnown, KNOWN_DIFFERENCES} from '../differential/known-differences.ts'
import {probedSemantics} from '../differential/probed.ts'
import {
  PROFILE_OF,
  readRecording,
  recordedSequences,
  recordedVersions,
  sequencesIn,
} from '../differential/recording.ts'
import {NOT_PROBED, SEMANTICS} from '../differential/semantics.ts'

describe.each(recordedVersions())('OpenZFS %s', (version) => {
  const recording = readRecording(version)
  const sequences = sequencesIn(recording)

  test('the simulator does what it did', async () => {
    const {divergences, compared} = await compareWithSimulator(sequences, recording, version)
    const open = divergences.filter((divergence) => !isKnown(divergence, version))
    expect(open).toEqual([])
    expect(compared).toBeGreaterThan(300)
  })

  test('every difference that is accepted is still there', async () => {
    const {divergences} = await compareWithSimulator(sequences, recording, version)
    const known = KNOWN_DIFFERENCES.filter(({versions}) => versions.includes(version))
    expect(
      known.filter(
        ({sequence, step}) => !divergences.some((one) => one.id === sequence && one.step === step),
      ),
    ).toEqual([])
  })
})

describe.each(recordedVersions())('on OpenZFS %s', (version) => {
  test('random sequences that are not written down in full are still answered as they were', async () => {
    expect(await noLongerAgreed(version)).toEqual([])
  })

  const recorded = readRecordedCycles(version)

  test.each(CYCLES.filter(({id}) => recorded[id] !== undefined))(
    'whole runs have the same reports and leave the same on both pools: $id',
    async (cycle) => {
      const real = recorded[cycle.id] ?? []
      expect(real).toHaveLength(cycle.acts.filter((act) => act.do === 'run').length)
      expect(differencesOf(real, await playOnSimulator(cycle, PROFILE_OF[version]))).toEqual([])
    },
  )
})

test('random sequences and cycles have been played on real ZFS', () => {
  const random = recordedVersions().flatMap((version) => Object.keys(readAgreed(version)))
  const cycles = recordedVersions().flatMap((version) => Object.keys(readRecordedCycles(version)))
  expect(random.length).toBeGreaterThan(10)
  expect(cycles).toEqual(expect.arrayContaining(['broken-off', 'killed', 'refused']))
})

test('every sequence has been asked of some release', () => {
  const asked = new Set(recordedVersions().flatMap((version) => Object.keys(readRecording(version))))
  expect(recordedSequences().filter(({id}) => !asked.has(id))).toEqual([])
})

test('every one of the semantics has a probe, or a reason why it has none', () => {
  const probed = probedSemantics()
  const numbers = SEMANTICS.map((_, index) => index + 1)
  const open = numbers.filter((number) => !probed.has(number) && NOT_PROBED[number] === undefined)
  expect(open).toEqual([])
  expect(Object.keys(NOT_PROBED).filter((number) => probed.has(Number(number)))).toEqual([])
})
