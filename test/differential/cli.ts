import {readFileSync} from 'node:fs'
import {ensureImage, wantedVersion} from '../lab/image.ts'
import {bootVm} from '../lab/vm.ts'
import {compareWithSimulator} from './compare.ts'
import {isKnown} from './known-differences.ts'
import {askZfs, freshSequences, recordedSequences, writeRecording} from './recording.ts'
import type {Sequence} from './sequence.ts'

const USAGE = `usage: npm run differential -- COMMAND
  record              write down what OpenZFS ${wantedVersion()} answers (LAB_OPENZFS=2.1 for the other one)
  random FIRST COUNT  compare the simulator with it on random sequences of the seeds from FIRST on`

process.exitCode = await main(process.argv.slice(2))

async function main([command, first = '', count = '']: string[]): Promise<number> {
  if (command === 'record') return await compare(recordedSequences(), true)
  const [from, many] = [Number(first), Number(count)]
  if (command === 'random' && Number.isInteger(from) && many > 0)
    return await compare(freshSequences(from, many), false)
  console.error(USAGE)
  return 2
}

/** Asks real ZFS in a guest of its own, and says where the simulator differs. */
async function compare(sequences: readonly Sequence[], keep: boolean): Promise<number> {
  const version = wantedVersion()
  const vm = await bootVm(await ensureImage(version))
  try {
    const recording = await askZfs(sequences, async (script) => {
      const {stdout, stderr, exitCode} = await vm.ssh.sh(script)
      if (exitCode !== 0) {
        const serial = readFileSync(vm.serialLog, 'utf8').slice(-2000)
        throw new Error(`the script ended with ${exitCode}: ${stderr}\n${stdout.slice(-500)}\n${serial}`)
      }
      return stdout
    })
    if (keep) writeRecording(version, recording)
    const {divergences, compared} = await compareWithSimulator(sequences, recording, version)
    const open = divergences.filter((divergence) => !isKnown(divergence, version))
    for (const {id, step, command, what} of open) console.log(`${id} step ${step}: ${command}\n  ${what}`)
    console.log(`${sequences.length} sequences, ${compared} steps equal, ${open.length} divergences open`)
    return open.length === 0 ? 0 : 1
  } finally {
    await vm.shutdown()
  }
}
