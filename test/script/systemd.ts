import {existsSync} from 'node:fs'
import {execa} from 'execa'

/** A systemd of our own, the first process of a PID namespace: its manager, its journal, what it does to services are real. */
export type Systemd = {
  /** Runs a /bin/sh script in there and returns what it prints. */
  run(script: string): Promise<string>
  /** Installs what `zrepl timers` has printed. */
  install(units: string): Promise<void>
  /** Waits until `unit` runs no more. */
  ended(unit: string): Promise<void>
  /** Properties of `unit`, as systemctl(1) shows them. */
  show(unit: string, ...properties: readonly string[]): Promise<Readonly<Record<string, string>>>
  stop(): Promise<void>
}

const PROGRAM = '/lib/systemd/systemd'

/** Says why it cannot be had; `undefined` when it can. */
export async function missingSystemd(): Promise<string | undefined> {
  if (!existsSync(PROGRAM)) return 'there is none'
  const tried = await execa('unshare', [...NAMESPACES, 'sh', '-c', 'mount -t cgroup2 none /sys/fs/cgroup'], {
    reject: false,
  })
  return tried.exitCode === 0 ? undefined : `it needs namespaces and control groups: ${tried.stderr}`
}

const NAMESPACES = ['--mount', '--pid', '--fork', '--kill-child', '--mount-proc']

/** What is masked is for booting a machine. `mounts` is a script that is run before. */
const BOOT = (mounts: string) => `set -e
mount -t tmpfs none /run
mount -t cgroup2 none /sys/fs/cgroup
mkdir -p /run/systemd/system
for unit in /lib/systemd/system/sysinit.target.wants/* /lib/systemd/system/sockets.target.wants/*; do
  case $unit in *journald*) ;; *) ln -sf /dev/null "/run/systemd/system/\${unit##*/}" ;; esac
done
${mounts}
exec env -i container=test PATH=/usr/sbin:/usr/bin:/sbin:/bin ${PROGRAM} --unit=basic.target`

/** Boots it; nothing outside of it sees its mounts. */
export async function bootSystemd(mounts: string): Promise<Systemd> {
  const namespaces = Bun.spawn(['unshare', ...NAMESPACES, 'sh', '-c', BOOT(mounts)], {
    stdio: ['ignore', 'ignore', 'ignore'],
  })
  const first = `/proc/${namespaces.pid}/task/${namespaces.pid}/children`
  const run = async (script: string) => {
    const enter = `exec nsenter --target $(cat ${first}) --mount --pid sh -c "$1"`
    return (await execa('sh', ['-c', enter, 'sh', script])).stdout
  }
  await execa('sh', ['-c', `until [ -n "$(cat ${first})" ]; do sleep 0.1; done`])
  await run(`for i in $(seq 300); do
  [ "$(systemctl show -P ActiveState basic.target 2>&1)" = active ] && exit 0
  sleep 0.1
done
exit 1`)
  return {
    run,
    async install(units) {
      for (const unit of units.split(/^# (?=\/etc\/systemd\/system\/)/m).slice(1)) {
        const [path = '', ...lines] = unit.split('\n')
        const file = path.replace('/etc/', '/run/')
        await run(`cat >'${file}' <<'__END__'\n${lines.join('\n')}\n__END__`)
      }
    },
    ended: async (unit) =>
      void (await run(`for i in $(seq 600); do
  case $(systemctl show -P ActiveState '${unit}') in inactive | failed) exit 0 ;; esac
  sleep 0.1
done
exit 1`)),
    async show(unit, ...properties) {
      const shown = await run(`systemctl show -p ${properties.join(',')} '${unit}'`)
      const split = (line: string) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]
      return Object.fromEntries(shown.split('\n').map(split))
    },
    async stop() {
      await execa('sh', ['-c', `kill -KILL $(cat ${first})`])
      await namespaces.exited
    },
  }
}
