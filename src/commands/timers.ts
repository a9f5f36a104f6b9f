import {Command, Flags} from '@oclif/core'
import {printTimers} from '../lib/app/timers.ts'
import {anyJobArgs, configFlag, EXIT_STATUS} from './flags.ts'
import {print, printError} from './output.ts'

export class Timers extends Command {
  static override summary = 'Print the systemd units or cron lines that start the jobs of a configuration.'
  static override description =
    `Nothing is installed. The timers follow the interval of each job; starting more often does no harm, because
snapshots are taken only when they are due. For systemd each unit stands behind a comment with its path: a hardened
service and a timer. For cron each line fits into /etc/cron.d/zrepl.

${EXIT_STATUS}`
  static override examples = ['$ zrepl timers', '$ zrepl timers offsite --cron >/etc/cron.d/zrepl']
  static override args = anyJobArgs
  static override flags = {
    config: configFlag,
    cron: Flags.boolean({summary: 'Lines for cron instead of units for systemd.'}),
  }

  async run(): Promise<void> {
    const {flags, args} = await this.parse(Timers)
    process.exitCode = printTimers({
      config: flags.config,
      jobs: args.job ?? [],
      form: flags.cron ? 'cron' : 'systemd',
      print,
      printError,
    })
  }
}
