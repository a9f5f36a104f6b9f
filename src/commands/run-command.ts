import {Command} from '@oclif/core'
import {type RunJobsRequest, runJobs} from '../lib/app/run-jobs.ts'
import type {Phase} from '../lib/replicate/phase.ts'
import {configFlag, dryRunFlag, jsonFlag, keepTraceFlag, quietFlag, traceFlag, verboseFlag} from './flags.ts'
import {print, printError} from './output.ts'
import {VERSION, versionLine} from './version.ts'

/**
 * What `run`, `snap`, `replicate`, `prune` and `plan` have in common: jobs in, reports out, the worst exit status.
 * Each declares its `args` itself: oclif does not find inherited ones.
 */
export abstract class RunCommand extends Command {
  static override flags = {
    config: configFlag,
    json: jsonFlag,
    'dry-run': dryRunFlag,
    quiet: quietFlag,
    trace: traceFlag,
    'keep-trace': keepTraceFlag,
    verbose: verboseFlag,
  }

  /** Runs the named jobs one after the other and sets the exit status. */
  protected async runPhases(request: {
    readonly jobs: readonly string[]
    readonly config: string | undefined
    readonly phases: readonly Phase[]
    readonly dryRun: boolean
    readonly json: boolean
    readonly quiet: boolean
    readonly verbose: boolean
    readonly wanted?: RunJobsRequest['wanted']
    readonly html?: string | undefined
    readonly yesLargePrune?: boolean | undefined
    readonly trace?: string | undefined
    readonly 'keep-trace'?: boolean
  }): Promise<void> {
    const {trace, 'keep-trace': keepTrace = false} = request
    process.exitCode = await runJobs({
      ...request,
      trace,
      keepTrace,
      version: {raw: VERSION, line: versionLine()},
      print,
      printError,
    })
  }
}
