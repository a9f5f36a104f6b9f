import {Args, Command, Flags} from '@oclif/core'
import {exportTrace} from '../lib/app/show-trace.ts'
import {EXIT_STATUS} from './flags.ts'

export class TraceExport extends Command {
  static override summary =
    'Write a trace as one page: a time line to zoom into, with what the run waited for. It needs no network.'
  static override description = EXIT_STATUS
  static override examples = [
    '<%= config.bin %> run offsite --trace /tmp/run.json',
    '<%= config.bin %> trace export /tmp/run.json --html /tmp/run.html',
  ]
  static override args = {
    file: Args.string({description: 'File written by --trace.', required: true, ignoreStdin: true}),
  }
  static override flags = {
    html: Flags.string({summary: 'The page to write.', required: true, helpValue: 'FILE'}),
  }

  async run(): Promise<void> {
    const {args, flags} = await this.parse(TraceExport)
    exportTrace(args.file, flags)
  }
}
