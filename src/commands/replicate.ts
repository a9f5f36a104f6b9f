import {EXIT_STATUS, jobArgs} from './flags.ts'
import {RunCommand} from './run-command.ts'

export class Replicate extends RunCommand {
  static override args = jobArgs
  static override summary = 'Send what the receiver lacks.'
  static override description = EXIT_STATUS
  static override examples = [
    '<%= config.bin %> replicate offsite',
    '<%= config.bin %> replicate offsite --dry-run',
  ]

  async run(): Promise<void> {
    const {args, flags} = await this.parse(Replicate)
    await this.runPhases({
      ...flags,
      jobs: args.job,
      config: flags.config,
      phases: ['replicate'],
      dryRun: flags['dry-run'],
    })
  }
}
