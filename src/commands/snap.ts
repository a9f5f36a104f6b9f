import {Flags} from '@oclif/core'
import {EXIT_STATUS, jobArgs} from './flags.ts'
import {RunCommand} from './run-command.ts'

export class Snap extends RunCommand {
  static override args = jobArgs
  static override summary =
    'Take the snapshots that are due; with --name or --all-now, one of every filesystem.'
  static override description =
    `All snapshots of a round have one name and are taken at one instant per pool.\n\n${EXIT_STATUS}`
  static override examples = [
    '<%= config.bin %> snap offsite',
    '<%= config.bin %> snap offsite --name before-upgrade',
  ]
  static override flags = {
    ...RunCommand.flags,
    name: Flags.string({
      summary: 'Take one of every filesystem now, with this name.',
      helpValue: 'NAME',
      exclusive: ['all-now'],
    }),
    'all-now': Flags.boolean({
      summary: 'Take one of every filesystem now, due or not, named as the job names them.',
    }),
  }

  async run(): Promise<void> {
    const {args, flags} = await this.parse(Snap)
    await this.runPhases({
      ...flags,
      jobs: args.job,
      config: flags.config,
      phases: ['snapshot'],
      dryRun: flags['dry-run'],
      wanted: flags.name !== undefined ? {name: flags.name} : flags['all-now'] ? 'all' : 'due',
    })
  }
}
