import {writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {STAGES} from './play-all.ts'
import {allPairs} from './play-pairs.ts'
import {play, prepare, type Scenario} from './scenario.ts'
import {smallest} from './tally.ts'

const USAGE = `usage: npm run pairs -- PART OF [--keep]
  Plays all pairs of faults of a push and a pull, first runs and later ones: hundreds of thousands, so in OF parts, of
  which this plays the one numbered PART, from 1 on. --keep writes what fails to test/sim/regressions, as small as it gets.`

process.exitCode = await main(process.argv.slice(2))

async function main([part = '', of = '', keep]: string[]): Promise<number> {
  const [mine, parts] = [Number(part), Number(of)]
  if (!(mine >= 1 && mine <= parts) || (keep !== undefined && keep !== '--keep')) {
    console.error(USAGE)
    return 2
  }
  let [existing, played, failed] = [0, 0, 0]
  for (const direction of ['push', 'pull'] as const)
    for (const stage of STAGES) {
      const world = {options: {direction}, stage}
      const baseline = await prepare(world)
      for (const pair of allPairs(baseline)) {
        existing += 1
        if (existing % parts !== mine % parts) continue
        played += 1
        const {problems} = await play(baseline, pair)
        if (problems.length === 0) continue
        failed += 1
        await tell({...world, faults: pair}, problems, keep !== undefined)
      }
    }
  console.log(`${played} of ${existing} pairs played, ${failed} failed`)
  return failed === 0 ? 0 : 1
}

async function tell(scenario: Scenario, problems: readonly string[], keep: boolean): Promise<void> {
  const small = JSON.stringify({what: problems[0], scenario: await smallest(scenario)})
  console.log(small)
  if (keep)
    writeFileSync(join(import.meta.dirname, 'regressions', `pair-${Bun.hash(small)}.json`), `${small}\n`)
}
