import {Flags} from '@oclif/core'
import {PHASES, type Phase} from '../lib/replicate/phase.ts'
import {EXIT_STATUS, jobArgs, largePruneFlag} from './flags.ts'
import {RunCommand} from './run-command.ts'

export class Run extends RunCommand {
  static override args = jobArgs
  static override summary = 'Run jobs: take the snapshots that are due, replicate, prune.'
  static override description =
    `The phases that a job type does not have are left out: a sink is only served, a source and a snap job do not replicate. A job that has none of those that were asked for is exit status 2, and then none is run.\n\n${EXIT_STATUS}`
  static override examples = [
    '<%= config.bin %> run offsite',
    '<%= config.bin %> run offsite --only replicate,prune --json',
  ]
  static override flags = {
    ...RunCommand.flags,
    'yes-large-prune': largePruneFlag,
    only: Flags.string({
      summary: 'Only these phases, separated by commas; may be repeated.',
      helpValue: 'PHASE',
      options: [...PHASES],
      multiple: true,
      multipleNonGreedy: true,
      delimiter: ',',
    }),
  }

  async run(): Promise<void> {
    const {args, flags} = await this.parse(Run)
    const phases = PHASES.filter(
      (phase) => flags.only === undefined || (flags.only as Phase[]).includes(phase),
    )
    await this.runPhases({
      ...flags,
      jobs: args.job,
      config: flags.config,
      phases,
      dryRun: flags['dry-run'],
      yesLargePrune: flags['yes-large-prune'],
    })
  }
}
