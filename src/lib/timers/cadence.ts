/** How often a timer starts a job, in the words of systemd and of cron. */
export type Cadence = {readonly everyMs: number; readonly onCalendar: string; readonly cron: string}

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** The rhythms that both can say, longest first. */
const CADENCES: readonly Cadence[] = [
  {everyMs: DAY, onCalendar: '*-*-* 00:00:00', cron: '0 0 * * *'},
  ...[12, 8, 6, 4, 3, 2].map((hours) => ({
    everyMs: hours * HOUR,
    onCalendar: `*-*-* 00/${hours}:00:00`,
    cron: `0 */${hours} * * *`,
  })),
  {everyMs: HOUR, onCalendar: '*-*-* *:00:00', cron: '0 * * * *'},
  ...[30, 20, 15, 12, 10, 6, 5, 4, 3, 2].map((minutes) => ({
    everyMs: minutes * MINUTE,
    onCalendar: `*-*-* *:00/${minutes}:00`,
    cron: `*/${minutes} * * * *`,
  })),
]

const EVERY_MINUTE: Cadence = {everyMs: MINUTE, onCalendar: '*-*-* *:*:00', cron: '* * * * *'}

/**
 * The longest rhythm of which `intervalMs` is a multiple. Whether a snapshot is due is judged from the snapshots that
 * exist, so a start too many costs one look at the pools; one too few would come late. `undefined` is hourly.
 */
export function cadenceFor(intervalMs: number | undefined): Cadence {
  const wanted = intervalMs ?? HOUR
  return CADENCES.find(({everyMs}) => wanted >= everyMs && wanted % everyMs === 0) ?? EVERY_MINUTE
}

/** What a person has to know of the rhythm, when it is not simply what the configuration says. */
export function cadenceComment(intervalMs: number | undefined): string | undefined {
  if (intervalMs === undefined)
    return 'the configuration does not say how often: hourly, change it as you like'
  if (intervalMs < MINUTE) return 'the configuration wants it more often than a timer starts it: every minute'
  return undefined
}
