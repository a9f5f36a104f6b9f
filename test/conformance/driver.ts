import type {Case, Verdict} from './case.ts'
import {CASES} from './cases.ts'
import {createWorld} from './world.ts'

/**
 * Runs in the lab, compiled: `driver POOL DIRECTORY [NAME…]`. Each case has a dataset of its own below POOL, which
 * mounts nothing by itself, so several run at a time. Prints a verdict a line.
 */
const [pool = '', directory = '', ...wanted] = process.argv.slice(2)
/** One waits for the disk while another computes. */
const AT_ONCE = 3

const waiting = CASES.flatMap((one, index) =>
  'run' in one && (wanted.length === 0 || wanted.includes(one.name)) ? [{one, index}] : [],
)
await Promise.all(Array.from({length: AT_ONCE}, work))

async function work(): Promise<void> {
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    const {one, index} = next
    console.log(JSON.stringify(await judge(one, `${pool}/case${index}`, `${directory}/case${index}`)))
  }
}

async function judge(one: Extract<Case, {run: unknown}>, root: string, dir: string): Promise<Verdict> {
  const began = performance.now()
  const took = () => Math.round(performance.now() - began)
  try {
    await one.run(createWorld(root, dir))
    return {name: one.name, milliseconds: took()}
  } catch (error) {
    const told = error instanceof Error ? `${error.message}\n${error.stack ?? ''}` : String(error)
    return {name: one.name, error: told, milliseconds: took()}
  }
}
