import {existsSync, readFileSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import type {ZfsVersion} from '../../lab/image.ts'
import {CYCLES, type ToldRun} from './cycle.ts'

/** What came of the cycles on real ZFS, by their ids. */
export type RecordedCycles = Readonly<Record<string, readonly ToldRun[]>>

/** Empty where nothing was recorded. */
export function readRecordedCycles(version: ZfsVersion): RecordedCycles {
  return existsSync(fileOf(version)) ? JSON.parse(readFileSync(fileOf(version), 'utf8')) : {}
}

/** Adds to what was recorded, or replaces it: without the commands. */
export function recordCycle(version: ZfsVersion, id: string, runs: readonly ToldRun[]): void {
  const all = {...readRecordedCycles(version), [id]: runs.map(({report, pools}) => ({report, pools}))}
  const kept = CYCLES.flatMap(({id}) => (all[id] === undefined ? [] : [[id, all[id]] as const]))
  writeFileSync(fileOf(version), `${JSON.stringify(Object.fromEntries(kept), undefined, 1)}\n`)
}

function fileOf(version: ZfsVersion): string {
  return join(import.meta.dirname, `recorded-${version}.json`)
}
