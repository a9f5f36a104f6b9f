import {Args, Command} from '@oclif/core'
import {releaseHolds} from '../lib/app/release-holds.ts'
import {dryRunFlag, EXIT_STATUS} from './flags.ts'
import {print, printError} from './output.ts'

export class HoldsRelease extends Command {
  static override args = {
    object: Args.string({
      description: 'tank/a@name, or tank/a#name for a bookmark.',
      required: true,
      ignoreStdin: true,
    }),
    tag: Args.string({
      description: 'Tags of the holds, as holds list shows them. Default: all of ours on the snapshot.',
      required: false,
      multiple: true,
      ignoreStdin: true,
    }),
  }
  static override summary = 'Release holds of ours on a snapshot, or destroy a bookmark of ours.'
  static override description =
    `Never what somebody else has made. A job that is running is left alone.\n\n${EXIT_STATUS}`
  static override examples = [
    '<%= config.bin %> holds release tank/home@zrepl_20260101_000000_000 zrepl_STEP_J_gone --dry-run',
  ]
  static override flags = {'dry-run': dryRunFlag}

  async run(): Promise<void> {
    const {args, flags} = await this.parse(HoldsRelease)
    process.exitCode = await releaseHolds({
      object: args.object,
      tags: args.tag ?? [],
      dryRun: flags['dry-run'],
      print,
      printError,
    })
  }
}
