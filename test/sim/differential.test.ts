import {describe, expect, test} from 'vitest'
import {compareWithSimulator} from '../differential/compare.ts'
import {isKnown, KNOWN_DIFFERENCES} from '../differential/known-differences.ts'
import {PROBES} from '../differential/probes.ts'
import {readRecording, recordedSequences, recordedVersions, sequencesIn} from '../differential/recording.ts'
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

test('every sequence has been asked of some release', () => {
  const asked = new Set(recordedVersions().flatMap((version) => Object.keys(readRecording(version))))
  expect(recordedSequences().filter(({id}) => !asked.has(id))).toEqual([])
})

test('every one of the semantics has a probe, or a reason why it has none', () => {
  const probed = new Set(PROBES.flatMap(({semantics}) => semantics))
  const open = SEMANTICS.filter((number) => !probed.has(number) && NOT_PROBED[number] === undefined)
  expect(open).toEqual([])
  expect(Object.keys(NOT_PROBED).filter((number) => probed.has(Number(number)))).toEqual([])
})
