import {Command, Flags} from '@oclif/core'
import {removeAbstractions} from '../lib/app/abstractions.ts'
import {dryRunFlag, EXIT_STATUS} from './flags.ts'
import {print, printError} from './output.ts'
import {fsFlag, jsonLinesFlag, queryFlags} from './query-flags.ts'

export class ZfsAbstractionReleaseAll extends Command {
  static override summary =
    'Release all holds and destroy all bookmarks of ours, to uninstall zrepl or drop a job.'
  static override description =
    `Without them nothing keeps the snapshots from which the next increment is to start. A job that is running is left alone.\n\n${EXIT_STATUS}`
  static override examples = [
    '<%= config.bin %> zfs-abstraction release-all --job gone --dry-run',
    '<%= config.bin %> zfs-abstraction release-all --job gone --yes',
  ]
  static override flags = {
    ...queryFlags,
    fs: fsFlag,
    json: jsonLinesFlag,
    'dry-run': dryRunFlag,
    yes: Flags.boolean({
      summary: 'Needed unless --dry-run: all of what is chosen goes.',
      exclusive: ['dry-run'],
    }),
  }

  async run(): Promise<void> {
    const {flags} = await this.parse(ZfsAbstractionReleaseAll)
    process.exitCode = await removeAbstractions({
      which: 'all',
      fs: flags.fs,
      types: flags.type,
      job: flags.job,
      dryRun: flags['dry-run'],
      yes: flags.yes,
      json: flags.json,
      print,
      printError,
    })
  }
}
