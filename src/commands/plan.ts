import {Flags} from '@oclif/core'
import {PHASES} from '../lib/replicate/phase.ts'
import {EXIT_STATUS, jobArgs} from './flags.ts'
import {RunCommand} from './run-command.ts'

export class Plan extends RunCommand {
  static override args = jobArgs
  static override summary =
    'Show what a run would do: snapshots, steps with sizes, and what is kept or destroyed by which rule.'
  static override description =
    `The same as run --dry-run. Later phases are predictions: they are judged on the pools as they are now.\n\n${EXIT_STATUS}`
  static override examples = ['<%= config.bin %> plan offsite']
  static override flags = {
    ...RunCommand.flags,
    html: Flags.string({
      summary:
        'Also write a page that shows the snapshots of each filesystem on a time line: what stays by which rule, what goes.',
      helpValue: 'FILE',
    }),
  }

  async run(): Promise<void> {
    const {args, flags} = await this.parse(Plan)
    await this.runPhases({...flags, jobs: args.job, config: flags.config, phases: PHASES, dryRun: true})
  }
}
