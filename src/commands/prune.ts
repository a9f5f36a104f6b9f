import {EXIT_STATUS, jobArgs, largePruneFlag} from './flags.ts'
import {RunCommand} from './run-command.ts'

export class Prune extends RunCommand {
  static override args = jobArgs
  static override summary = 'Destroy snapshots that no keep rule keeps, on both sides.'
  static override description = EXIT_STATUS
  static override examples = ['<%= config.bin %> prune offsite', '<%= config.bin %> prune offsite --dry-run']
  static override flags = {...RunCommand.flags, 'yes-large-prune': largePruneFlag}

  async run(): Promise<void> {
    const {args, flags} = await this.parse(Prune)
    await this.runPhases({
      ...flags,
      jobs: args.job,
      config: flags.config,
      phases: ['prune'],
      dryRun: flags['dry-run'],
      yesLargePrune: flags['yes-large-prune'],
    })
  }
}
