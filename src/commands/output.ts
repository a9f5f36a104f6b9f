import {Errors} from '@oclif/core'
import {exitStatusOfThrown} from '../lib/core/exit-code.ts'
import {writeText} from '../lib/host/write-text.ts'
import {renderThrown} from '../lib/report/describe-error.ts'

/** Results go to stdout. */
export function print(text: string): void {
  writeText(1, text)
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
