import {Command} from '@oclif/core'
import {showAbstractions} from '../lib/app/abstractions.ts'
import {configFlag, EXIT_STATUS} from './flags.ts'
import {print, printError} from './output.ts'
import {filesystemArgs, jsonLinesFlag, queryFlags} from './query-flags.ts'

export class HoldsList extends Command {
  static override args = filesystemArgs
  static override summary = 'List every hold and bookmark on this host that zrepl has left.'
  static override description =
    `Also those of jobs that are gone, and those of the Go zrepl. What another program left under a name like ours is not listed. Needs no configuration; with --config, jobs that are not in it are marked.\n\n${EXIT_STATUS}`
  static override examples = [
    '<%= config.bin %> holds list',
    '<%= config.bin %> holds list "tank/home<" --type step-hold --json',
  ]
  static override flags = {
    ...queryFlags,
    config: configFlag,
    json: jsonLinesFlag,
  }

  async run(): Promise<void> {
    const {args, flags} = await this.parse(HoldsList)
    process.exitCode = await showAbstractions({
      filesystems: args.filesystem,
      types: flags.type,
      job: flags.job,
      config: flags.config,
      json: flags.json,
      print,
      printError,
    })
  }
}
