import type {ProgramResult} from '../../src/lib/zfs-client/run-program.ts'
import {describeEntry, type Entry} from './process/entry.ts'
import type {Process} from './process/process.ts'
import type {World} from './world.ts'

export type Violation = {readonly invariant: string; readonly where: string; readonly what: string}

export function createInvariants(_world: World) {
  const violations: Violation[] = []
  function report(invariant: string, entry: Entry | undefined, what: string) {
    violations.push({invariant, where: entry === undefined ? 'at the end' : describeEntry(entry), what})
  }
  return {
    violations,
    report,
    bug(process: Process, error: unknown) {
      violations.push({invariant: 'bug', where: process.label, what: error instanceof Error ? (error.stack ?? error.message) : String(error)})
    },
    accept() {},
    before(_entry: Entry) {},
    after(_entry: Entry, _result: ProgramResult) {},
    end() {},
  }
}
