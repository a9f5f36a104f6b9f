import {readFileSync} from 'node:fs'
import {join} from 'node:path'

/** A place below `test`: a file, and words that stand in it. */
export type Named = {readonly file: string; readonly says: string}

/** What somebody may try, and the tests that show what comes of it. */
export type Threat = {readonly id: string; readonly what: string; readonly tests: readonly Named[]}

const TEST = join(import.meta.dirname, '..')

export function readThreats(): readonly Threat[] {
  return JSON.parse(readFileSync(join(import.meta.dirname, 'threats.json'), 'utf8'))
}

/** What has happened to users of ZFS and of tools like this one, and the tests that show that it does not happen here. */
export function readIncidents(): readonly Threat[] {
  return JSON.parse(readFileSync(join(import.meta.dirname, 'incidents.json'), 'utf8'))
}

/** Those of its tests that exist. */
export function testsOf({tests}: Threat): Threat['tests'] {
  return tests.filter(isThere)
}

export function isThere({file, says}: Named): boolean {
  return readFileSync(join(TEST, file), 'utf8').includes(says)
}
