import {readFileSync} from 'node:fs'
import {join} from 'node:path'
import type {Threat} from './threats.ts'

/** Everything that may go wrong, and the tests in which it does. */
export function readFaults(): readonly Threat[] {
  return JSON.parse(readFileSync(join(import.meta.dirname, 'faults.json'), 'utf8'))
}
