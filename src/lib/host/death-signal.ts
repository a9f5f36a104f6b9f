import {FIXED_ENVIRONMENT} from './environment.ts'
import {findProgram} from './resolve-program.ts'

/**
 * The path of a `setpriv` (util-linux) that makes a child get SIGTERM when we die without being able to say goodbye,
 * by SIGKILL or for lack of memory. `undefined` where there is none, or one that cannot (busybox). Costs one start.
 */
export function findDeathSignal(): string | undefined {
  if (process.platform !== 'linux') return undefined
  const path = findProgram('setpriv')
  if (path === undefined) return undefined
  const probe = Bun.spawnSync([path, '--pdeathsig', 'TERM', '--', path, '--version'], {
    cwd: '/',
    env: FIXED_ENVIRONMENT,
    stdio: ['ignore', 'ignore', 'ignore'],
  })
  return probe.exitCode === 0 ? path : undefined
}
