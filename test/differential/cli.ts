import {readFileSync} from 'node:fs'
import {join} from 'node:path'
import {build} from '../../tools/build.ts'
import {ensureImage, wantedVersion} from '../lab/image.ts'
import {bootVm, type Vm} from '../lab/vm.ts'
import {type Agreed, digestOf, keepAgreed} from './agreed.ts'
import {compareWithSimulator, type Divergence} from './compare.ts'
import {CYCLES} from './cycles/cycle.ts'
import {differencesOf} from './cycles/form.ts'
import {playInLab} from './cycles/in-lab.ts'
import {playOnSimulator} from './cycles/on-simulator.ts'
import {recordCycle} from './cycles/recording.ts'
import type {RunScript} from './in-lab.ts'
import {isKnown} from './known-differences.ts'
import {
  askZfs,
  freshSequences,
  PROFILE_OF,
  type Recording,
  recordedSequences,
  writeRecording,
} from './recording.ts'
import type {Sequence} from './sequence.ts'

const USAGE = `usage: npm run differential -- COMMAND
  record [PART OF]    write down what OpenZFS ${wantedVersion()} answers (LAB_OPENZFS=2.1 for the other one); of OF parts
                      of the sequences this one, from 1, or all
  random FIRST COUNT  compare the simulator with it on random sequences of the seeds from FIRST on, and keep which of
                      them agree
  cycles [ID…]        write down what whole runs of the program come to on it; all, or these`

/** So many sequences are asked before what came of them is kept. */
const AT_ONCE = 24
const EXECUTABLE = join(import.meta.dirname, '..', '..', 'dist', 'zrepl')

process.exitCode = await main(process.argv.slice(2))

async function main([command, ...words]: string[]): Promise<number> {
  const [first = '', count = ''] = words
  const [from, many] = [Number(first || 1), Number(count || 1)]
  if (command === 'record' && from > 0 && many >= from)
    return await compare(partOf(recordedSequences(), from, many), true)
  if (command === 'random' && Number.isInteger(from) && many > 0)
    return await compare(freshSequences(from, many), false)
  if (command === 'cycles') return await recordCycles(words)
  console.error(USAGE)
  return 2
}

/** Every `of`th, so that the parts are alike. */
function partOf<T>(all: readonly T[], part: number, of: number): readonly T[] {
  return all.filter((_, index) => index % of === part - 1)
}

/** Asks real ZFS in a guest of its own, and says where the simulator differs. What was asked is kept now and then. */
async function compare(sequences: readonly Sequence[], keep: boolean): Promise<number> {
  const version = wantedVersion()
  return await inGuest(async (runScript) => {
    let [equal, open] = [0, 0]
    for (let from = 0; from < sequences.length; from += AT_ONCE) {
      const some = sequences.slice(from, from + AT_ONCE)
      const recording = await askZfs(some, runScript)
      if (keep) writeRecording(version, recording)
      const {divergences, compared} = await compareWithSimulator(some, recording, version)
      if (!keep) keepAgreed(version, agreedOf(recording, divergences))
      const unknown = divergences.filter((divergence) => !isKnown(divergence, version))
      for (const {id, step, command, what} of unknown)
        console.log(`${id} step ${step}: ${command}\n  ${what}`)
      ;[equal, open] = [equal + compared, open + unknown.length]
      console.log(`${from + some.length} sequences, ${equal} steps equal, ${open} divergences open`)
    }
    return open === 0 ? 0 : 1
  })
}

function agreedOf(recording: Recording, divergences: readonly Divergence[]): Agreed {
  const agreed = Object.entries(recording).filter(([id]) => !divergences.some((one) => one.id === id))
  return Object.fromEntries(agreed.map(([id, observations]) => [id, digestOf(observations)]))
}

/** The same with whole runs of the executable. */
async function recordCycles(ids: readonly string[]): Promise<number> {
  const cycles = CYCLES.filter(({id}) => ids.length === 0 || ids.includes(id))
  const version = wantedVersion()
  await build()
  return await inGuest(async (runScript, vm) => {
    await vm.ssh.upload(EXECUTABLE, '/usr/local/bin/zrepl')
    let open = 0
    for (const cycle of cycles) {
      const real = await playInLab(cycle, runScript)
      recordCycle(version, cycle.id, real)
      const differences = differencesOf(real, await playOnSimulator(cycle, PROFILE_OF[version]))
      if (differences.length > 0) open += 1
      console.log(
        [`${cycle.id}: ${differences.length === 0 ? 'equal' : 'differs'}`, ...differences].join('\n  '),
      )
    }
    console.log(`${cycles.length} cycles, ${open} differ`)
    return open === 0 ? 0 : 1
  })
}

async function inGuest(use: (runScript: RunScript, vm: Vm) => Promise<number>): Promise<number> {
  const vm = await bootVm(await ensureImage(wantedVersion()))
  const runScript: RunScript = async (script) => {
    const {stdout, stderr, exitCode} = await vm.ssh.sh(script)
    if (exitCode === 0) return stdout
    const serial = readFileSync(vm.serialLog, 'utf8').slice(-2000)
    throw new Error(`the script ended with ${exitCode}: ${stderr}\n${stdout.slice(-500)}\n${serial}`)
  }
  try {
    return await use(runScript, vm)
  } finally {
    await vm.shutdown()
  }
}
