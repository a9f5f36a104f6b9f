import {Command, Flags} from '@oclif/core'
import {printTraces} from '../lib/app/list-traces.ts'
import {anyJobArgs, configFlag, EXIT_STATUS} from './flags.ts'
import {print, printError} from './output.ts'

export class TraceList extends Command {
  static override summary = 'List the traces that are kept of runs, newest first.'
  static override description =
    `A trace is kept of a run with --keep-trace, and of every run with {type: trace} in global.monitoring: beside its report, and for as long. That of a run that is at work is some ten seconds old.\n\n${EXIT_STATUS}`
  static override examples = ['<%= config.bin %> trace list', '<%= config.bin %> trace list offsite --json']
  static override args = anyJobArgs
  static override flags = {
    config: configFlag,
    json: Flags.boolean({summary: 'Print one JSON object a line for each trace.'}),
  }

  async run(): Promise<void> {
    const {args, flags} = await this.parse(TraceList)
    process.exitCode = printTraces({
      config: flags.config,
      jobs: args.job ?? [],
      json: flags.json,
      print,
      printError,
    })
  }
}
