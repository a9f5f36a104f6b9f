import {readdirSync, readFileSync} from 'node:fs'
import {join} from 'node:path'
import {build} from '../../tools/build.ts'
import {noLongerAgreed, readAgreed} from '../differential/agreed.ts'
import {compareWithSimulator} from '../differential/compare.ts'
import {compareCycles} from '../differential/cycles/compare-cycles.ts'
import {CYCLES} from '../differential/cycles/cycle.ts'
import {isKnown} from '../differential/known-differences.ts'
import {probedSemantics} from '../differential/probed.ts'
import {readRecording, recordedVersions, sequencesIn} from '../differential/recording.ts'
import {NOT_PROBED, SEMANTICS} from '../differential/semantics.ts'
import {createCorpusMachine} from '../script/corpus/machine.ts'
import {play, prepare, type Scenario} from '../sim/scenario.ts'
import {readRows, shortcomingOf} from '../unit/corpus/rows.ts'
import {TARGETS} from '../unit/fuzz/targets.ts'
import type {Figure} from './evidence.ts'
import {readFaults} from './faults.ts'
import {readInvariants} from './invariants.ts'
import {isThere, readIncidents, readThreats, type Threat, testsOf} from './threats.ts'

const ROOT = join(import.meta.dirname, '..', '..')

/** The rows of all parsers, and those that need the executable. */
export async function measureCorpus(): Promise<readonly Figure[]> {
  const rows = readRows()
  await build()
  const machine = await createCorpusMachine()
  const targets = [...TARGETS, machine.target]
  let passed = 0
  for (const row of rows) if ((await shortcomingOf(row, targets)) === undefined) passed += 1
  machine.destroy()
  return [
    {
      what: 'Bad inputs answered as required / all',
      figure: `${passed} / ${rows.length}`,
      command: 'npm test -- unit script corpus',
      ok: passed === rows.length,
    },
    {
      what: 'Parsers that are fuzzed, with texts that are nearly right and with long ones',
      figure: `${TARGETS.length}`,
      command: 'FUZZ_SEED=7 FUZZ_RUNS=10000 npm test -- unit fuzz',
      ok: true,
    },
  ]
}

export async function measureRegressions(): Promise<readonly Figure[]> {
  const directory = join(ROOT, 'test', 'sim', 'regressions')
  const files = readdirSync(directory).filter((file) => file.endsWith('.json'))
  let passed = 0
  for (const file of files) {
    const {scenario} = JSON.parse(readFileSync(join(directory, file), 'utf8')) as {scenario: Scenario}
    const {problems} = await play(await prepare(scenario), scenario.faults)
    if (problems.length === 0) passed += 1
  }
  return [
    {
      what: 'Regression files that pass / all',
      figure: `${passed} / ${files.length}`,
      command: 'npm test -- sim regressions',
      ok: passed === files.length,
    },
  ]
}

export async function measureDifferential(): Promise<readonly Figure[]> {
  const probed = probedSemantics()
  const figures: Figure[] = [
    {
      what: 'Numbered semantics of ZFS with a probe / shown elsewhere / all',
      figure: `${probed.size} / ${Object.keys(NOT_PROBED).length} / ${SEMANTICS.length}`,
      command: 'npm test -- sim differential',
      ok: probed.size + Object.keys(NOT_PROBED).length === SEMANTICS.length,
    },
  ]
  for (const version of recordedVersions()) {
    const recording = readRecording(version)
    const sequences = sequencesIn(recording)
    const {divergences, compared} = await compareWithSimulator(sequences, recording, version)
    const known = divergences.filter((divergence) => isKnown(divergence, version)).length
    figures.push({
      what: `Simulator against OpenZFS ${version}: sequences / steps equal / known differences / divergences open`,
      figure: `${sequences.length} / ${compared} / ${known} / ${divergences.length - known}`,
      command: `LAB_OPENZFS=${version} npm run differential -- record`,
      ok: divergences.length === known,
    })
    const random = Object.keys(readAgreed(version)).length
    const changed = (await noLongerAgreed(version)).length
    const cycles = await compareCycles(version)
    const differing = cycles.filter(({differences}) => differences.length > 0)
    figures.push(
      {
        what: `Further random sequences of 25 steps on OpenZFS ${version}: answered alike by the simulator / all`,
        figure: `${random - changed} / ${random}`,
        command: `LAB_OPENZFS=${version} npm run differential -- random 100 200`,
        ok: changed === 0,
      },
      {
        what: `Whole cycles played by the executable on OpenZFS ${version} / all / runs in them / that the simulator ends otherwise`,
        figure: `${cycles.length} / ${CYCLES.length} / ${cycles.reduce((sum, {runs}) => sum + runs, 0)} / ${differing.length}`,
        command: `LAB_OPENZFS=${version} npm run differential -- cycles`,
        ok: differing.length === 0 && cycles.length === CYCLES.length,
      },
    )
  }
  return figures
}

/** The run of `mutation.ts`, whose last line is the figure. */
export async function measureMutants(): Promise<readonly Figure[]> {
  const child = Bun.spawn([process.execPath, join(ROOT, 'test', 'sim', 'mutation.ts')], {
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'inherit',
  })
  const [text, status] = await Promise.all([new Response(child.stdout).text(), child.exited])
  const [, killed = '?', all = '?'] = /^(\d+) of (\d+) mutants killed$/m.exec(text) ?? []
  return [
    {
      what: 'Deliberate mistakes found, each within a minute / all',
      figure: `${killed} / ${all}`,
      command: 'npm run mutants',
      ok: status === 0,
    },
  ]
}

export async function measureMatrix(): Promise<readonly Figure[]> {
  const faults = readFaults()
  const invariants = readInvariants()
  const seen = invariants.filter(({judged, fails}) => judged.every(isThere) && fails.some(isThere))
  return [
    {
      what: 'Invariants with a judge that has been seen to speak / all',
      figure: `${seen.length} / ${invariants.length}`,
      command: 'npm test -- sim invariants',
      ok: seen.length === invariants.length,
    },
    {
      what: 'Kinds of faults with a test / all',
      figure: `${faults.filter((fault) => testsOf(fault).length > 0).length} / ${faults.length}`,
      command: 'npm run evidence -- matrix',
      ok: true,
    },
  ]
}

export async function measureThreats(): Promise<readonly Figure[]> {
  const shown = (all: readonly Threat[]) => all.filter((one) => testsOf(one).length > 0).length
  const [threats, incidents] = [readThreats(), readIncidents()]
  return [
    {
      what: 'Threats with a test / all (`test/evidence/threats.json`)',
      figure: `${shown(threats)} / ${threats.length}`,
      command: 'npm run evidence -- threats',
      ok: true,
    },
    {
      what: 'Incidents in the field with a test / all (`test/evidence/incidents.json`)',
      figure: `${shown(incidents)} / ${incidents.length}`,
      command: 'npm run evidence -- threats',
      ok: true,
    },
  ]
}
