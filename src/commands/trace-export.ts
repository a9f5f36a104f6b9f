import {Command, Flags} from '@oclif/core'
import {exportTrace} from '../lib/app/show-trace.ts'
import {EXIT_STATUS, traceArgs} from './flags.ts'

export class TraceExport extends Command {
  static override summary =
    'Write a trace as one page: a time line to zoom into, with what the run waited for. It needs no network.'
  static override description = EXIT_STATUS
  static override examples = [
    '<%= config.bin %> trace export offsite --html /tmp/run.html',
    '<%= config.bin %> trace export offsite 2026-06-01T12 --html /tmp/run.html',
  ]
  static override args = traceArgs
  static override flags = {
    html: Flags.string({summary: 'The page to write.', required: true, helpValue: 'FILE'}),
  }

  async run(): Promise<void> {
    const {args, flags} = await this.parse(TraceExport)
    exportTrace({jobOrFile: args.jobOrFile, run: args.run}, flags)
  }
}
