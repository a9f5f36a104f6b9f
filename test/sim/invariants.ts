import type {ProgramResult} from '../../src/lib/zfs-client/run-program.ts'
import type {Check} from './invariants/check.ts'
import {noForce, noTrustInNames, noteListing} from './invariants/commands.ts'
import {continuity, neverEmpty} from './invariants/continuity.ts'
import {noDestroyOfProtected, pruneSoundness} from './invariants/destroying.ts'
import {exclusion} from './invariants/exclusion.ts'
import {guarantee} from './invariants/guarantee.ts'
import {cursorTruth, integrity} from './invariants/integrity.ts'
import {noGap, noLeak} from './invariants/leaks.ts'
import {isolation} from './invariants/scope.ts'
import {describeEntry, type Entry} from './process/entry.ts'
import type {Process} from './process/process.ts'
import type {World} from './world.ts'

/** An invariant that did not hold: which, where, and what is wrong. */
export type Violation = {readonly invariant: string; readonly where: string; readonly what: string}

export type Invariants = {
  readonly violations: readonly Violation[]
  report(invariant: string, entry: Entry | undefined, what: string): void
  /** Something was thrown that is not the world's failure. */
  bug(process: Process, error: unknown): void
  before(entry: Entry): void
  after(entry: Entry, result: ProgramResult): void
  /** Somebody else has changed something, which is not held against us. */
  accept(): void
  end(): void
}

/** Watches one run of `world` with every invariant that can be judged while it goes on. */
export function createInvariants(world: World): Invariants {
  const checks: readonly Check[] = [
    continuity(world),
    noDestroyOfProtected(world),
    neverEmpty(world),
    noLeak(world),
    noGap(world),
    integrity(world),
    isolation(world),
    noForce(world),
    cursorTruth(world),
    pruneSoundness(world),
    noTrustInNames(world),
    exclusion(world),
    guarantee(world),
  ]
  const before = checks.flatMap(({invariant, before}) =>
    before === undefined ? [] : [{invariant, ask: before}],
  )
  const violations: Violation[] = []
  let foreign = false
  noteReceived(world)

  function report(invariant: string, entry: Entry | undefined, what: string): void {
    violations.push({invariant, where: entry === undefined ? 'at the end' : describeEntry(entry), what})
  }

  function reportAll(invariant: string, entry: Entry | undefined, wrong: readonly string[]): void {
    if (wrong.length === 0 || (foreign && RACY.has(invariant))) return
    for (const what of wrong) report(invariant, entry, what)
  }

  return {
    violations,
    report,
    bug: (process, error) =>
      violations.push({
        invariant: 'bug',
        where: `${process.host.name} (${process.label})`,
        what: error instanceof Error ? (error.stack ?? error.message) : String(error),
      }),
    before(entry) {
      if (!entry.mutates && entry.stream === undefined) return
      for (const {invariant, ask} of before) reportAll(invariant, entry, ask(entry))
    },
    after(entry, result) {
      noteListing(entry.process, entry.argv, result.stdout)
      if (!entry.mutates && entry.stream === undefined) return
      const [verb = ''] = entry.argv
      if (verb === 'receive') noteReceived(world)
      for (const {invariant, changedBy, after} of checks)
        if (after !== undefined && changedBy?.includes(verb))
          reportAll(invariant, entry, after(entry, result))
    },
    accept() {
      foreign = true
      noteReceived(world)
      for (const check of checks) check.accept?.()
    },
    end() {
      for (const {invariant, end} of checks) if (end !== undefined) reportAll(invariant, undefined, end())
    },
  }
}

/**
 * ZFS has no "destroy if nothing has changed since I looked". When somebody else acts between our look and our act, these
 * can break without a mistake of ours; in the runs that follow they count again.
 */
const RACY = new Set(['I1b', 'I1c', 'I9', 'guarantee'])

function noteReceived({receiver, received}: World): void {
  for (const {datasets} of receiver.pools.values())
    for (const {snapshots} of datasets.values()) for (const {guid} of snapshots) received.add(guid)
}
