import type {Measurement} from '../measurement.ts'
import {startAccounting} from './accounting.ts'
import {sh} from './shell.ts'

/** The shell that runs a script is no part of it. */
const SHELL = 1

/** What else runs while zrepl does. */
const OTHERS = new Set(['sh', 'zfs', 'zpool', 'setpriv', 'ssh', 'sshd', 'sshd-session', 'sshd-auth'])

const accounting = startAccounting()

/** Runs a script and prints what it cost, as a line of JSON. */
export function measure(row: string, what: string, script: string, countRoundTrips?: () => number): void {
  const {result, accounts} = accounting.measure(() => {
    const begun = performance.now()
    sh(script)
    return performance.now() - begun
  })
  const measurement: Measurement = {
    row,
    what,
    wallMs: result,
    programs: accounts.programs - SHELL,
    cpuMs: accounts.cpuMsBeside(OTHERS),
    connections: accounts.started('sshd'),
    ...(countRoundTrips === undefined ? {} : {roundTrips: countRoundTrips()}),
  }
  console.log(JSON.stringify(measurement))
}
