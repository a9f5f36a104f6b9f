import type {JobId} from '../abstraction/job-id.ts'
import {type Cadence, cadenceComment, cadenceFor} from './cadence.ts'

/** A job that something has to start. */
export type TimedJob = {
  readonly name: JobId
  readonly type: 'push' | 'pull' | 'source' | 'snap'
  /** How often it has something to do; `undefined` where only the operator knows. */
  readonly intervalMs: number | undefined
}

/** How the job is started: absolute paths. */
export type Installation = {
  readonly executable: string
  readonly config: string
  /** Directories that runs write into beside their own. */
  readonly writes: readonly string[]
}

/** One file to be installed. */
export type UnitFile = {readonly path: string; readonly text: string}

/** The service and the timer of one job. */
export function unitFiles(job: TimedJob, installation: Installation): readonly UnitFile[] {
  const cadence = cadenceFor(job.intervalMs)
  const unit = `/etc/systemd/system/zrepl-${unitEscaped(job.name)}`
  return [
    {path: `${unit}.service`, text: serviceText(job, installation)},
    {path: `${unit}.timer`, text: timerText(job, cadence)},
  ]
}

/** One line of a crontab such as `/etc/cron.d/zrepl`, behind a comment where the rhythm needs one. */
export function cronLines(job: TimedJob, {executable, config}: Installation): readonly string[] {
  const words = [executable, ...runWords(job.name, ['--quiet', '--config', config])].map(cronWord)
  const comment = cadenceComment(job.intervalMs)
  return [
    ...(comment === undefined ? [] : [`# job ${job.name}: ${comment}`]),
    `${cadenceFor(job.intervalMs).cron} root ${words.join(' ')}`,
  ]
}

/** zrepl lets the name of a job begin with a dash, and a renamed job would lose its cursors: it must not be taken for a flag. */
function runWords(name: string, flags: readonly string[]): readonly string[] {
  return name.startsWith('-') ? ['run', ...flags, '--', name] : ['run', name, ...flags]
}

/**
 * The timer does not start it again while it runs. systemd hears that it has begun, what it is at and that its event loop
 * turns (sd_notify(3)), and kills it when it has not heard that for ten minutes: a process that hangs does not end in order,
 * and a run may be killed anywhere. Being told that another run of the job is active (exit status 5) is no failure. On a stop
 * only zrepl gets the signal, and ends its children in order.
 *
 * zrepl needs `/dev/zfs`, ssh's keys, the network and its own directories; the rest of the machine is closed to it, and of
 * what root may do it keeps what ZFS asks for (CAP_SYS_ADMIN) and to read and write whosever files these are. Mounts of the
 * host are seen as they come and go, so that no dataset stays busy on account of this service. Left open on purpose:
 * JavaScript is compiled into memory that is then executed, one run has to see another in /proc, and what a hook runs is often
 * another user's.
 */
function serviceText({name, type}: TimedJob, {executable, config, writes}: Installation): string {
  const words = [executable, ...runWords(name, ['--config', config])].map(serviceWord)
  const writable = writes.map((path) => `ReadWritePaths=${serviceWord(`-${path}`)}\n`)
  return `[Unit]
Description=zrepl ${type} job ${name.replaceAll('%', '%%')}
After=zfs.target network-online.target
Wants=network-online.target

[Service]
Type=notify
NotifyAccess=main
WatchdogSec=10min
WatchdogSignal=SIGKILL
ExecStart=${words.join(' ')}
SuccessExitStatus=5
KillMode=mixed
TimeoutStopSec=90
Nice=10
IOSchedulingClass=idle

RuntimeDirectory=zrepl
RuntimeDirectoryMode=0700
RuntimeDirectoryPreserve=yes
StateDirectory=zrepl
StateDirectoryMode=0700
UMask=0077

# Hooks and notify programs run in here too: what they need beyond this is for a drop-in (systemctl edit), for example
# CapabilityBoundingSet=CAP_SETUID CAP_SETGID for one that becomes another user.
CapabilityBoundingSet=CAP_SYS_ADMIN CAP_DAC_OVERRIDE CAP_DAC_READ_SEARCH
SystemCallFilter=~@clock @cpu-emulation @debug @module @obsolete @raw-io @reboot @swap
SystemCallErrorNumber=EPERM
NoNewPrivileges=yes
PrivateTmp=yes
ProtectSystem=strict
${writable.join('')}ProtectHome=read-only
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectKernelLogs=yes
ProtectControlGroups=yes
ProtectClock=yes
ProtectHostname=yes
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
KeyringMode=private
RemoveIPC=yes
SystemCallArchitectures=native
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
DevicePolicy=closed
DeviceAllow=/dev/zfs rw
`
}

/** A run that was missed while the machine was off is made up for; machines do not all start in the same second. */
function timerText({name, intervalMs}: TimedJob, {onCalendar}: Cadence): string {
  const comment = cadenceComment(intervalMs)
  const why = comment === undefined ? '' : `# ${comment}\n`
  return `[Unit]
Description=Start zrepl job ${name.replaceAll('%', '%%')}

[Timer]
${why}OnCalendar=${onCalendar}
Persistent=yes
AccuracySec=1s
RandomizedDelaySec=5s
FixedRandomDelay=yes

[Install]
WantedBy=timers.target
`
}

/** As systemd-escape(1) does for one component; a dash stays, since nobody unescapes it into a path. */
function unitEscaped(name: string): string {
  const bytes = new TextEncoder().encode(name)
  return Array.from(bytes, (byte, index) => {
    const sign = String.fromCharCode(byte)
    const plain = /[A-Za-z0-9:_-]/.test(sign) || (sign === '.' && index > 0)
    return plain ? sign : `\\x${byte.toString(16).padStart(2, '0')}`
  }).join('')
}

/** systemd.service(5), COMMAND LINES: `%` and `$` are doubled, quotes and backslashes escaped. */
function serviceWord(word: string): string {
  const escaped = word.replaceAll('%', '%%').replaceAll('$', '$$$$')
  return /^[A-Za-z0-9_@%+=:,./$-]+$/.test(escaped) ? escaped : `"${escaped.replace(/["\\]/g, '\\$&')}"`
}

/** crontab(5): the line goes to a shell, and a `%` would be a new line. */
function cronWord(word: string): string {
  const quoted = /^[A-Za-z0-9_@+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`
  return quoted.replaceAll('%', '\\%')
}
