import type {World} from './world.ts'

/**
 * One of zrepl's platform tests, under zrepl's name. `run` throws unless real ZFS and our code behave as that test
 * demands; `notHere` says why a test has no meaning in this program.
 */
export type Case = {readonly name: string} & (
  | {readonly run: (world: World) => Promise<void>}
  | {readonly notHere: string}
)

/** How a case went, as the driver prints it: one line of JSON each. */
export type Verdict = {readonly name: string; readonly error?: string; readonly milliseconds: number}
