import {Command} from '@oclif/core'
import {migratePlaceholder} from '../lib/app/migrate-placeholder.ts'
import {configFlag, dryRunFlag, EXIT_STATUS} from './flags.ts'
import {print, printError} from './output.ts'

export class MigratePlaceholder extends Command {
  static override summary = 'Rewrite the placeholder property of zrepl 0.0.x as zrepl 0.1 and later write it.'
  static override description =
    `Below the root_fs of every sink and pull job. In the name of the command a colon and a space are the same.\n\n${EXIT_STATUS}`
  static override examples = ['<%= config.bin %> migrate 0.0.X:0.1:placeholder --dry-run']
  static override flags = {config: configFlag, 'dry-run': dryRunFlag}

  async run(): Promise<void> {
    const {flags} = await this.parse(MigratePlaceholder)
    process.exitCode = await migratePlaceholder({
      config: flags.config,
      dryRun: flags['dry-run'],
      print,
      printError,
    })
  }
}
