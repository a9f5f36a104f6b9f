import {Command, Errors, Flags} from '@oclif/core'
import {printFreshness, printStatus, printUnknown, watchStatus} from '../lib/app/status.ts'
import {terminalAt} from '../lib/app/terminal.ts'
import {anyJobArgs, configFlag, EXIT_STATUS} from './flags.ts'
import {print, printError, printOrStop} from './output.ts'

export class Status extends Command {
  static override summary = 'Show how the last runs of jobs ended, and how far each filesystem has come.'
  static override description =
    `What is shown comes from the reports that runs leave in /var/lib/zrepl (or the user's state directory), and of a run that is
at work from what it tells beside its lock; the pools are not looked at. On a terminal a run that is at work is shown until it
ends, what one looks for first at the top; elsewhere, and with --json, the moment of the call.

With --check it is a plugin for Nagios and Icinga: one line with performance data, and exit status 0 (OK), 1 (warning),
2 (critical) or 3 (unknown). What counts is age: of each job's last success, and of the newest snapshot that the receiver
has of each filesystem. What keeps it from judging, as a mistake on the command line does, is unknown.

${EXIT_STATUS}`
  static override examples = ['$ zrepl status', '$ zrepl status offsite --check --warning 2h --critical 1d']
  static override args = anyJobArgs
  static override flags = {
    config: configFlag,
    json: Flags.boolean({
      summary: 'One JSON object a line for each job: whether it runs, its last report, its last success.',
    }),
    watch: Flags.boolean({
      summary: 'Show it again every second, until Ctrl-C; also when nothing runs.',
      exclusive: ['json', 'check'],
    }),
    check: Flags.boolean({
      summary: 'Judge the age of everything, for a monitoring system.',
      exclusive: ['json'],
    }),
    warning: Flags.string({
      summary: 'With --check: from this age on it is a warning. Default: 1d.',
      helpValue: 'AGE',
    }),
    critical: Flags.string({
      summary: 'With --check: from this age on it is critical. Default: 2d.',
      helpValue: 'AGE',
    }),
  }

  async run(): Promise<void> {
    try {
      await this.show()
    } catch (misuse) {
      // A monitoring system takes our exit status 2 for a verdict.
      if (!this.argv.includes('--check') || !(misuse instanceof Errors.CLIError)) throw misuse
      this.exit(printUnknown(print, misuse.message))
    }
  }

  private async show(): Promise<void> {
    const {flags, args} = await this.parse(Status)
    const request = {config: flags.config, jobs: args.job ?? [], print, printError}
    process.exitCode = flags.check
      ? printFreshness({...request, warning: flags.warning, critical: flags.critical})
      : flags.json || !(flags.watch || terminalAt(1))
        ? printStatus({...request, json: flags.json})
        : await watchStatus({...request, print: printOrStop, until: flags.watch ? 'for-ever' : 'all-ended'})
  }
}
