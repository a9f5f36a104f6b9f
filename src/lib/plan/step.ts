import type {NonEmpty} from '../core/assert.ts'
import type {DatasetName} from '../zfs/name.ts'
import {type Snapshot, shortName, type Version} from '../zfs/version.ts'
import type {Protection, ReplicationPolicy} from './policy.ts'

/** One send and receive of one filesystem. `from: undefined` is a full send. */
export type Step = {
  readonly filesystem: DatasetName
  readonly type: 'filesystem' | 'volume'
  readonly from: Version | undefined
  readonly to: Snapshot
  /** The stream is as the data is on disk, encrypted. */
  readonly raw: boolean
  readonly protection: Protection
  /** Set when the step continues a partial receive; decoded and found to fit. */
  readonly resumeToken: string | undefined
}

/** What steps need besides the history: of what they are, and under which policy. */
export type StepContext = {
  readonly filesystem: DatasetName
  readonly type: 'filesystem' | 'volume'
  readonly raw: boolean
  readonly policy: ReplicationPolicy
}

/** `start` to the first, from there to the second, and so on. Only the first step can continue a partial receive. */
export function chainSteps(
  {filesystem, type, raw, policy}: StepContext,
  start: Version | undefined,
  [first, ...rest]: NonEmpty<Snapshot>,
  resumeToken?: string,
): NonEmpty<Step> {
  const {initial, incremental} = policy.protection
  const head = {from: start, to: first, protection: start === undefined ? initial : incremental, resumeToken}
  const steps: [Step, ...Step[]] = [{filesystem, type, raw, ...head}]
  let from = first
  for (const to of rest) {
    steps.push({filesystem, type, raw, from, to, protection: incremental, resumeToken: undefined})
    from = to
  }
  return steps
}

/** `@a -> @b`, `full @b`, `@a -> @b (resumed)`: ASCII only, as all names are. */
export function describeStep({from, to, resumeToken}: Pick<Step, 'from' | 'to' | 'resumeToken'>): string {
  const ends = from === undefined ? `full ${shortName(to)}` : `${shortName(from)} -> ${shortName(to)}`
  return resumeToken === undefined ? ends : `${ends} (resumed)`
}
