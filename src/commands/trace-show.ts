import {Command, Flags} from '@oclif/core'
import {showTrace} from '../lib/app/show-trace.ts'
import {EXIT_STATUS, traceArgs} from './flags.ts'
import {print} from './output.ts'

export class TraceShow extends Command {
  static override summary = 'Show a trace as a tree: what took how long, and what the run waited for (*).'
  static override description = EXIT_STATUS
  static override examples = [
    '<%= config.bin %> trace show offsite',
    '<%= config.bin %> trace show offsite 2026-06-01T12',
    '<%= config.bin %> run offsite --trace /tmp/run.json; <%= config.bin %> trace show /tmp/run.json',
  ]
  static override args = traceArgs
  static override flags = {
    json: Flags.boolean({summary: 'Print the tree as JSON.'}),
  }

  async run(): Promise<void> {
    const {args, flags} = await this.parse(TraceShow)
    print(showTrace({jobOrFile: args.jobOrFile, run: args.run}, flags.json))
  }
}
