import {Errors} from '@oclif/core'
import {OperationalError} from '../lib/core/errors.ts'
import {EXIT, exitStatusOfThrown} from '../lib/core/exit-code.ts'
import {writeText} from '../lib/host/write-text.ts'
import {renderThrown} from '../lib/report/describe-error.ts'

/** Why a result has not got to stdout as a whole. */
let lost: string | undefined

/** Results go to stdout. Behind one that was lost comes no other: half of something is not to look like all of it. */
export function print(text: string): void {
  lost ??= writeText(1, text)
}

/** The same for what goes on and on: throws `host` when nobody gets it any more. */
export function printOrStop(text: string): void {
  print(text)
  const because = lost
  lost = undefined
  if (because !== undefined) throw lostOutput(because)
}

/** The status of a command whose work has ended with `status`: none is 0 whose results were lost, which is told. */
export function statusOfOutput(status: number): number {
  if (lost === undefined) return status
  printError(`${renderThrown(lostOutput(lost))}\n`)
  return status === EXIT.ok || status === EXIT.busy ? EXIT.partial : status
}

function lostOutput(because: string): OperationalError {
  return new OperationalError('host', `not all that was printed could be written to stdout: ${because}`, {
    hint: 'do not use what has got there; what else was done is done',
  })
}

/** Everything else goes to stderr. */
export function printError(text: string): void {
  writeText(2, text)
}

/**
 * Tells what was thrown up to the top and returns the exit status for it. oclif's own errors (a wrong flag, `--help`)
 * carry theirs.
 */
export function printThrown(thrown: unknown): number {
  const oclifExit = exitOfOclif(thrown)
  if (oclifExit === undefined) {
    printError(`${renderThrown(thrown)}\n`)
    return exitStatusOfThrown(thrown)
  }
  // Who asks for an exit has said why.
  const isAsked = thrown instanceof Errors.ExitError
  if (oclifExit !== 0 && thrown instanceof Error && !isAsked)
    printError(`zrepl: ${withHint(thrown.message)}\n`)
  return oclifExit
}

function exitOfOclif(thrown: unknown): number | undefined {
  if (!(thrown instanceof Error) || !('oclif' in thrown)) return undefined
  const {oclif} = thrown as {oclif?: {exit?: number}}
  return typeof oclif?.exit === 'number' ? oclif.exit : undefined
}

/** oclif says where help is for wrong flags, but not for a command that does not exist. */
function withHint(message: string): string {
  return /^command .* not found$/.test(message) ? `${message}\nSee the commands with --help` : message
}
