import {FIXED_ENVIRONMENT} from './environment.ts'
import {findProgram} from './resolve-program.ts'

/** The path of a `setpriv` to start children with, if there is one. Looks for it when it is asked for the first time. */
export type DeathSignal = () => string | undefined

/**
 * Makes children get SIGTERM when we die without being able to say goodbye, by SIGKILL or for lack of memory: by
 * `setpriv` of util-linux. There is none elsewhere than on Linux, and that of busybox cannot do it. The search costs
 * two starts of a program, so it is put off to the first stream and done once for the process.
 */
export function findDeathSignal(): DeathSignal {
  return () => {
    found ??= {path: probe()}
    return found.path
  }
}

let found: {readonly path: string | undefined} | undefined

function probe(): string | undefined {
  if (process.platform !== 'linux') return undefined
  const path = findProgram('setpriv')
  if (path === undefined) return undefined
  const {exitCode} = Bun.spawnSync([path, '--pdeathsig', 'TERM', '--', path, '--version'], {
    cwd: '/',
    env: FIXED_ENVIRONMENT,
    stdio: ['ignore', 'ignore', 'ignore'],
  })
  return exitCode === 0 ? path : undefined
}
