import {readFileSync} from 'node:fs'
import {ensureImage, wantedVersion} from '../lab/image.ts'
import {bootVm, type Vm} from '../lab/vm.ts'
import {compareWithSimulator} from './compare.ts'
import type {RunScript} from './in-lab.ts'
import {isKnown} from './known-differences.ts'
import {askZfs, freshSequences, recordedSequences, writeRecording} from './recording.ts'
import type {Sequence} from './sequence.ts'

const USAGE = `usage: npm run differential -- COMMAND
  record [PART OF]    write down what OpenZFS ${wantedVersion()} answers (LAB_OPENZFS=2.1 for the other one); of OF parts
                      of the sequences this one, from 1, or all
  random FIRST COUNT  compare the simulator with it on random sequences of the seeds from FIRST on`

process.exitCode = await main(process.argv.slice(2))

async function main([command, first = '', count = '']: string[]): Promise<number> {
  const [from, many] = [Number(first || 1), Number(count || 1)]
  if (command === 'record' && from > 0 && many >= from)
    return await compare(partOf(recordedSequences(), from, many), true)
  if (command === 'random' && Number.isInteger(from) && many > 0)
    return await compare(freshSequences(from, many), false)
  console.error(USAGE)
  return 2
}

/** Every `of`th, so that the parts are alike. */
function partOf<T>(all: readonly T[], part: number, of: number): readonly T[] {
  return all.filter((_, index) => index % of === part - 1)
}

/** Asks real ZFS in a guest of its own, and says where the simulator differs. */
async function compare(sequences: readonly Sequence[], keep: boolean): Promise<number> {
  const version = wantedVersion()
  return await inGuest(async (runScript) => {
    const recording = await askZfs(sequences, runScript)
    if (keep) writeRecording(version, recording)
    const {divergences, compared} = await compareWithSimulator(sequences, recording, version)
    const open = divergences.filter((divergence) => !isKnown(divergence, version))
    for (const {id, step, command, what} of open) console.log(`${id} step ${step}: ${command}\n  ${what}`)
    console.log(`${sequences.length} sequences, ${compared} steps equal, ${open.length} divergences open`)
    return open.length === 0 ? 0 : 1
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
