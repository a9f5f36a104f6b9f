import {Command} from '@oclif/core'
import {migrateReplicationCursor} from '../lib/app/migrate-replication-cursor.ts'
import {configFlag, dryRunFlag, EXIT_STATUS} from './flags.ts'
import {print, printError} from './output.ts'

export class MigrateReplicationCursor extends Command {
  static override summary = 'Destroy the replication cursors of zrepl 0.2 that newer ones have replaced.'
  static override description =
    `Where exactly one push or source job has the filesystem and its cursor is not older. Let the jobs replicate once before. In the name of the command a colon and a space are the same.\n\n${EXIT_STATUS}`
  static override examples = ['<%= config.bin %> migrate replication-cursor:v1-v2 --dry-run']
  static override flags = {config: configFlag, 'dry-run': dryRunFlag}

  async run(): Promise<void> {
    const {flags} = await this.parse(MigrateReplicationCursor)
    process.exitCode = await migrateReplicationCursor({
      config: flags.config,
      dryRun: flags['dry-run'],
      print,
      printError,
    })
  }
}
