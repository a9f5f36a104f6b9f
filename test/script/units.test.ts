import {copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {execa} from 'execa'
import {afterAll, beforeAll, describe, expect, test, vi} from 'vitest'
import {installZfs} from '../sim/machine/install.ts'
import {createMachine, withMachine} from '../sim/machine/state.ts'
import {mustFindDataset} from '../sim/pool.ts'
import {bootSystemd, missingSystemd, type Systemd} from './systemd.ts'

/** The units that `zrepl timers` prints, started by systemd, with the model's `zfs`. */
const EXECUTABLE = join(import.meta.dirname, '..', '..', 'dist', 'zrepl')
const UNIT = 'zrepl-offsite.service'

vi.setConfig({testTimeout: 120_000, hookTimeout: 120_000})

const why = await missingSystemd()
if (why !== undefined) console.error(`units are not started by systemd: ${why}`)

describe.skipIf(why !== undefined)('a unit', () => {
  let dir: string
  let machine: string
  let systemd: Systemd

  /** While this is there the hook goes on. */
  const busy = () => join(dir, 'busy')
  /** What may be done in the unit, as its hook sees it. */
  const seen = () => join(dir, 'seen')

  beforeAll(async () => {
    // Not in /tmp or /var/tmp, of which the unit has its own; a checkout may be there.
    dir = mkdtempSync('/srv/zrepl-units-')
    const executable = join(dir, 'zrepl')
    copyFileSync(EXECUTABLE, executable)
    ;({machine} = await installZfs(dir, createMachine('2.3.2')))
    const config = join(dir, 'zrepl.yml')
    writeFileSync(config, configText(), {mode: 0o600})
    writeFileSync(
      join(dir, 'hook'),
      `#!/bin/sh
grep -E '^(CapBnd|NoNewPrivs|Seccomp):' /proc/self/status >${seen()}
touch /etc/zrepl-was-here 2>/dev/null || echo 'cannot write to /etc' >>${seen()}
while [ -e ${busy()} ]; do sleep 0.1; done\n`,
      {mode: 0o755},
    )
    systemd = await bootSystemd(
      `mount --bind ${dir}/sbin /usr/sbin; mkdir -p /var/lib/zrepl; mount -t tmpfs none /var/lib/zrepl`,
    )
    await systemd.install((await execa(executable, ['timers', 'offsite', '--config', config])).stdout)
    // Ten minutes are too long for a test, and the model's pools are files.
    await systemd.run(`mkdir /run/systemd/system/${UNIT}.d
printf '[Service]\\nWatchdogSec=2\\nReadWritePaths=${dir}\\n' >/run/systemd/system/${UNIT}.d/test.conf
systemctl daemon-reload`)
  })

  afterAll(async () => {
    await systemd?.stop()
    rmSync(dir, {recursive: true, force: true})
  })

  function configText(): string {
    return `global: {logging: [{type: stdout, level: info}]}
jobs:
  - name: offsite
    type: push
    connect: {type: local, listener_name: near, client_identity: me}
    filesystems: {tank/data: true}
    snapshotting: {type: periodic, prefix: z_, interval: 1h}
    hooks: [{type: command, path: ${dir}/hook, timeout: 2m}]
    pruning:
      keep_sender: [{type: last_n, count: 10}]
      keep_receiver: [{type: last_n, count: 10}]
  - name: near
    type: sink
    root_fs: vault/backups
    recv: {placeholder: {encryption: inherit}}
    serve: {type: local, listener_name: near}
`
  }

  test('tells systemd what it is at and that it lives, for longer than systemd would wait', async () => {
    writeFileSync(busy(), '')
    await systemd.run(`systemctl start ${UNIT}
heard() { systemctl show -P WatchdogTimestampMonotonic ${UNIT}; }
first=$(heard)
until [ $(($(heard) - first)) -gt 3000000 ]; do systemctl is-active -q ${UNIT} || exit 1; sleep 0.1; done`)
    expect(await systemd.show(UNIT, 'Type', 'ActiveState', 'StatusText')).toEqual({
      Type: 'notify',
      ActiveState: 'active',
      StatusText: 'job offsite runs',
    })
    rmSync(busy())
    await systemd.ended(UNIT)
    expect(await systemd.show(UNIT, 'Result')).toEqual({Result: 'success'})
    const guids = (name: string) =>
      withMachine(machine, (host) => mustFindDataset(host, name).snapshots.map(({guid}) => guid))
    expect(guids('tank/data')).toHaveLength(1)
    expect(guids('vault/backups/me/tank/data')).toEqual(guids('tank/data'))
  })

  test('may do little', () => {
    expect(readFileSync(seen(), 'utf8').split('\n')).toEqual([
      // CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, CAP_SYS_ADMIN (capabilities(7)).
      'CapBnd:\t0000000000200006',
      'NoNewPrivs:\t1',
      'Seccomp:\t2',
      'cannot write to /etc',
      '',
    ])
  })

  test('has its lines in the journal with their fields', async () => {
    const lines = await systemd.run('journalctl -o json ZREPL_JOB=offsite ZREPL_SUBSYSTEM=repl')
    const entries = lines.split('\n').map((line) => JSON.parse(line))
    expect(entries).toContainEqual(
      expect.objectContaining({
        MESSAGE: expect.stringMatching(/: step done filesystem="tank\/data"/),
        PRIORITY: '6',
        SYSLOG_IDENTIFIER: 'zrepl',
        ZREPL_FILESYSTEM: 'tank/data',
        _SYSTEMD_UNIT: UNIT,
      }),
    )
  })

  test('that hangs altogether is killed by systemd, and started again goes on', async () => {
    writeFileSync(busy(), '')
    await systemd.run(`systemctl start ${UNIT} && systemctl kill --kill-whom=main -s STOP ${UNIT}`)
    await systemd.ended(UNIT)
    expect(await systemd.show(UNIT, 'ActiveState', 'Result')).toEqual({
      ActiveState: 'failed',
      Result: 'watchdog',
    })
    rmSync(busy())
    await systemd.run(`systemctl start ${UNIT}`)
    await systemd.ended(UNIT)
    expect(await systemd.show(UNIT, 'Result')).toEqual({Result: 'success'})
  })
})
