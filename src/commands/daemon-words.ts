import {OperationalError} from '../lib/core/errors.ts'

/** Throws `usage` with what to say instead for the commands of a zrepl with a daemon, which stand in scripts. */
export function refuseDaemonWords([command, verb, job = 'JOB']: readonly string[]): void {
  if (command === 'daemon')
    throw new OperationalError('usage', 'there is no daemon', {
      hint: 'use zrepl run JOB, started by a timer: zrepl timers prints them',
    })
  if (command === 'signal')
    throw new OperationalError(
      'usage',
      `there is no daemon to signal${verb === undefined ? '' : `: ${verb}`}`,
      {
        hint:
          verb === 'reset'
            ? 'stop the run that is at work: SIGTERM, or systemctl stop'
            : `use zrepl run ${job}`,
      },
    )
}
