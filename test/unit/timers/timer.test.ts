import {describe, expect, test} from 'vitest'
import {parseJobId} from '../../../src/lib/abstraction/job-id.ts'
import {cadenceFor} from '../../../src/lib/timers/cadence.ts'
import {cronLines, type TimedJob, unitFiles} from '../../../src/lib/timers/timer.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE

describe('a job is started', () => {
  test.each([
    [10 * MINUTE, '*-*-* *:00/10:00', '*/10 * * * *'],
    [15 * MINUTE, '*-*-* *:00/15:00', '*/15 * * * *'],
    // Not every six minutes: the second snapshot would come after twelve.
    [7 * MINUTE, '*-*-* *:*:00', '* * * * *'],
    [25 * MINUTE, '*-*-* *:00/5:00', '*/5 * * * *'],
    [90 * MINUTE, '*-*-* *:00/30:00', '*/30 * * * *'],
    [HOUR, '*-*-* *:00:00', '0 * * * *'],
    [undefined, '*-*-* *:00:00', '0 * * * *'],
    [5 * HOUR, '*-*-* *:00:00', '0 * * * *'],
    [6 * HOUR, '*-*-* 00/6:00:00', '0 */6 * * *'],
    [24 * HOUR, '*-*-* 00:00:00', '0 0 * * *'],
    [72 * HOUR, '*-*-* 00:00:00', '0 0 * * *'],
    [1000, '*-*-* *:*:00', '* * * * *'],
  ])('for an interval of %s ms: %s, %s', (intervalMs, onCalendar, cron) => {
    expect(cadenceFor(intervalMs)).toMatchObject({onCalendar, cron})
  })
})

function job(name: string, intervalMs: number | undefined = 10 * MINUTE): TimedJob {
  return {name: parseJobId(name), type: 'push', intervalMs}
}

const HERE = {executable: '/usr/local/bin/zrepl', config: '/etc/zrepl/zrepl.yml', writes: []}

test('a line for cron', () => {
  expect(cronLines(job('offsite'), HERE)).toEqual([
    '*/10 * * * * root /usr/local/bin/zrepl run offsite --quiet --config /etc/zrepl/zrepl.yml',
  ])
  expect(cronLines(job('a b:c'), {...HERE, config: "/etc/it's 5%/zrepl.yml"})).toEqual([
    "*/10 * * * * root /usr/local/bin/zrepl run 'a b:c' --quiet --config '/etc/it'\\''s 5\\%/zrepl.yml'",
  ])
})

test('a rhythm that is not the one of the configuration is told of', () => {
  expect(cronLines(job('seconds', 10_000), HERE)).toEqual([
    '# job seconds: the configuration wants it more often than a timer starts it: every minute',
    '* * * * * root /usr/local/bin/zrepl run seconds --quiet --config /etc/zrepl/zrepl.yml',
  ])
  expect(cronLines({...job('by-hand'), intervalMs: undefined}, HERE)[0]).toBe(
    '# job by-hand: the configuration does not say how often: hourly, change it as you like',
  )
  expect(unitFiles(job('seconds', 10_000), HERE)[1]?.text).toContain(
    '\n[Timer]\n# the configuration wants it more often than a timer starts it: every minute\nOnCalendar=*-*-* *:*:00\n',
  )
})

test('a job whose name looks like a flag is named behind all flags', () => {
  expect(cronLines(job('-x'), HERE)).toEqual([
    '*/10 * * * * root /usr/local/bin/zrepl run --quiet --config /etc/zrepl/zrepl.yml -- -x',
  ])
  expect(unitFiles(job('-x'), HERE)[0]?.text).toContain(
    '\nExecStart=/usr/local/bin/zrepl run --config /etc/zrepl/zrepl.yml -- -x\n',
  )
})

describe('units', () => {
  test('a service that systemd watches, and a timer', () => {
    const [service, timer] = unitFiles(job('offsite'), HERE)
    expect(service?.path).toBe('/etc/systemd/system/zrepl-offsite.service')
    expect(service?.text).toContain(
      '\nType=notify\nNotifyAccess=main\nWatchdogSec=10min\nWatchdogSignal=SIGKILL\nExecStart=/usr/local/bin/zrepl run offsite --config /etc/zrepl/zrepl.yml\nSuccessExitStatus=5\n',
    )
    expect(timer?.path).toBe('/etc/systemd/system/zrepl-offsite.timer')
    expect(timer?.text).toContain('\n[Timer]\nOnCalendar=*-*-* *:00/10:00\nPersistent=yes\n')
  })

  test('a job without an interval says that the rhythm is a guess', () => {
    expect(unitFiles({...job('offsite'), intervalMs: undefined}, HERE)[1]?.text).toContain(
      'does not say how often: hourly',
    )
  })

  test.each([
    ['a b', 'zrepl-a\\x20b', '"a b"'],
    ['.hidden', 'zrepl-\\x2ehidden', '.hidden'],
    ['x:y.z-1', 'zrepl-x:y.z-1', 'x:y.z-1'],
  ])('job %j: %s, %s', (name, unit, word) => {
    const [service] = unitFiles(job(name), HERE)
    expect(service?.path).toBe(`/etc/systemd/system/${unit}.service`)
    expect(service?.text).toContain(`run ${word} --config`)
  })

  test('runs may write where their metrics and logs go, and nowhere else', () => {
    const lines = (writes: readonly string[]) =>
      unitFiles(job('offsite'), {...HERE, writes})[0]?.text.match(/^(?:ProtectSystem|ReadWritePaths)=.*$/gm)
    expect(lines([])).toEqual(['ProtectSystem=strict'])
    expect(lines(['/var/log', '/srv/a b'])).toEqual([
      'ProtectSystem=strict',
      'ReadWritePaths=-/var/log',
      'ReadWritePaths="-/srv/a b"',
    ])
  })

  test('what systemd would expand in a path is escaped', () => {
    const [service] = unitFiles(job('j'), {...HERE, config: '/etc/$HOME "x" 5%/zrepl.yml'})
    expect(service?.text).toContain('--config "/etc/$$HOME \\"x\\" 5%%/zrepl.yml"\n')
  })
})
