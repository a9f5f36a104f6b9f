import type {Fault} from './fault.ts'
import type {Baseline} from './scenario.ts'

/**
 * Faults the program is known not to survive yet. They are left out of the enumerations, and each has a test in
 * `known-bugs.test.ts` that is expected to fail: when it passes, its line here goes.
 */
export function isKnownBug({trace}: Baseline, fault: Fault): boolean {
  return isSilentSend(trace, fault)
}

/** `zfs send` exits 0 and has written nothing: the receiver waits for a stream, and we wait for the receiver. */
function isSilentSend(trace: Baseline['trace'], fault: Fault): boolean {
  if (fault.kind !== 'output' || fault.how !== 'empty') return false
  return typeof fault.at === 'number' && trace[fault.at]?.stream === 'out'
}

/** Holds pile up while no run ever gets to where they are released. */
export function isKnownProblem(problem: string): boolean {
  return /^I3 in .* has \d+ (step holds|last-received holds|cursors)$/.test(problem)
}
