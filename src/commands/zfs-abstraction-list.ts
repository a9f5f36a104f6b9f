import {Command} from '@oclif/core'
import {showAbstractions} from '../lib/app/abstractions.ts'
import {configFlag, EXIT_STATUS} from './flags.ts'
import {print, printError} from './output.ts'
import {fsFlag, jsonLinesFlag, queryFlags} from './query-flags.ts'

export class ZfsAbstractionList extends Command {
  static override summary = 'The same as holds list, with the flags of zrepl.'
  static override description = EXIT_STATUS
  static override examples = [
    '<%= config.bin %> zfs-abstraction list --fs "tank<:ok,tank/tmp<:!" --job offsite',
  ]
  static override flags = {...queryFlags, fs: fsFlag, config: configFlag, json: jsonLinesFlag}

  async run(): Promise<void> {
    const {flags} = await this.parse(ZfsAbstractionList)
    process.exitCode = await showAbstractions({
      fs: flags.fs,
      types: flags.type,
      job: flags.job,
      config: flags.config,
      json: flags.json,
      print,
      printError,
    })
  }
}
