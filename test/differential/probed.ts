import {CYCLES} from './cycles/cycle.ts'
import {PROBES} from './probes.ts'

/** Numbers of the semantics that real ZFS has been asked about. */
export function probedSemantics(): ReadonlySet<number> {
  return new Set([...PROBES, ...CYCLES].flatMap(({semantics = []}) => semantics))
}
