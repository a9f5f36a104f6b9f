import {Args, Command, Flags} from '@oclif/core'
import {explain} from '../lib/app/explain.ts'
import {configFlag, EXIT_STATUS} from './flags.ts'
import {print, printError} from './output.ts'

export class Explain extends Command {
  static override summary = 'Show what keeps a snapshot of this host, and until when.'
  static override description =
    `Every rule, hold, clone, cursor and planned step that speaks for it, in every job that its dataset belongs to. Asks the peer of each such job, and changes nothing.\n\n${EXIT_STATUS}`
  static override examples = ['<%= config.bin %> explain tank/data@auto_20260101_000000_000']
  static override args = {
    snapshot: Args.string({
      description: 'DATASET@SNAPSHOT, as zfs list prints it.',
      required: true,
      ignoreStdin: true,
    }),
  }
  static override flags = {
    config: configFlag,
    json: Flags.boolean({summary: 'Print JSON (schemas/explanation.schema.json).'}),
  }

  async run(): Promise<void> {
    const {args, flags} = await this.parse(Explain)
    process.exitCode = await explain({
      config: flags.config,
      snapshot: args.snapshot,
      json: flags.json,
      print,
      printError,
    })
  }
}
