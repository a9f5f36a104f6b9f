import {existsSync} from 'node:fs'
import {execa} from 'execa'

/** Says why no package of Debian can be had; `undefined` when it can. */
export function missingPackages(): string | undefined {
  if (process.getuid?.() !== 0) return 'only root can install packages'
  return existsSync('/usr/bin/apt-get') ? undefined : 'this is no Debian'
}

/** Test files run beside each other: one installs at a time. What a package wants to start is not started. */
const INSTALL = `set -e
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then
  trap "rm -f $policy" EXIT
  printf '#!/bin/sh\\nexit 101\\n' >$policy
  chmod 755 $policy
fi
apt-get update -q
apt-get install -y -q --no-install-recommends "$@"`

/** Installs packages of Debian. */
export async function installPackages(wanted: readonly string[]): Promise<void> {
  if (wanted.length === 0) return
  const env = {DEBIAN_FRONTEND: 'noninteractive'}
  await execa('flock', ['/tmp/zrepl-packages.lock', 'sh', '-c', INSTALL, 'sh', ...wanted], {env})
}
