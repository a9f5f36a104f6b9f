import {Args, Command} from '@oclif/core'
import {migrateJobName} from '../lib/app/migrate-job-name.ts'
import {configFlag, dryRunFlag, EXIT_STATUS} from './flags.ts'
import {print, printError} from './output.ts'

export class MigrateJobName extends Command {
  static override args = {
    old: Args.string({description: 'The name the job had.', required: true, ignoreStdin: true}),
    new: Args.string({description: 'The name it has now.', required: true, ignoreStdin: true}),
  }
  static override summary = 'Give the cursors and holds of a renamed job to its new name.'
  static override description =
    `A job finds what it left by its name. Rename it in the configuration, then run this on every host where the job is configured, before the job runs again. New ones are made before old ones go, and it can be repeated.\n\n${EXIT_STATUS}`
  static override examples = ['<%= config.bin %> migrate job-name prod_to_nas offsite --dry-run']
  static override flags = {config: configFlag, 'dry-run': dryRunFlag}

  async run(): Promise<void> {
    const {args, flags} = await this.parse(MigrateJobName)
    process.exitCode = await migrateJobName({
      from: args.old,
      to: args.new,
      config: flags.config,
      dryRun: flags['dry-run'],
      print,
      printError,
    })
  }
}
