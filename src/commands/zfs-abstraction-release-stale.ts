import {Command} from '@oclif/core'
import {removeAbstractions} from '../lib/app/abstractions.ts'
import {dryRunFlag, EXIT_STATUS} from './flags.ts'
import {print, printError} from './output.ts'
import {fsFlag, jsonLinesFlag, queryFlags} from './query-flags.ts'

export class ZfsAbstractionReleaseStale extends Command {
  static override summary = 'Release the holds and destroy the bookmarks that newer ones have replaced.'
  static override description =
    `Of each filesystem and job the newest cursor and last-received hold stay, and the step holds that are newer than the cursor. A job that is running is left alone.\n\n${EXIT_STATUS}`
  static override examples = ['<%= config.bin %> zfs-abstraction release-stale --dry-run']
  static override flags = {...queryFlags, fs: fsFlag, json: jsonLinesFlag, 'dry-run': dryRunFlag}

  async run(): Promise<void> {
    const {flags} = await this.parse(ZfsAbstractionReleaseStale)
    process.exitCode = await removeAbstractions({
      which: 'stale',
      fs: flags.fs,
      types: flags.type,
      job: flags.job,
      dryRun: flags['dry-run'],
      yes: false,
      json: flags.json,
      print,
      printError,
    })
  }
}
