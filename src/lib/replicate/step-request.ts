import type {ReceiveRequest} from '../endpoint/receiver.ts'
import type {FromRef, ProtectRequest, SendRequest} from '../endpoint/sender.ts'
import type {SetAside} from '../plan/filesystem-plan.ts'
import type {Series} from '../plan/series.ts'
import type {Step} from '../plan/step.ts'
import {formatGuidHex} from '../zfs/name.ts'
import {type Bookmark, shortName} from '../zfs/version.ts'

/** What the sender is asked before a series of steps. */
export function protectRequest(series: Series): ProtectRequest {
  const [{filesystem, from, protection}] = series
  return {filesystem, from: fromRef(from), to: series.map(({to}) => to.guid), protection}
}

/** What the sender is asked for the stream. */
export function sendRequest({filesystem, from, to, resumeToken}: Step): SendRequest {
  return {filesystem, from: fromRef(from), to: to.guid, resumeToken}
}

/** What the receiver is told to expect. */
export function receiveRequest(
  {filesystem, type, raw, from, to, protection, resumeToken}: Step,
  confirm: ReceiveRequest['confirm'],
): ReceiveRequest {
  return {
    filesystem,
    type,
    raw,
    from: from?.guid,
    to: {name: to.name, guid: to.guid},
    protection,
    resuming: resumeToken !== undefined,
    confirm,
  }
}

function fromRef(from: Step['from']): FromRef | undefined {
  return from === undefined ? undefined : {kind: from.kind, guid: from.guid}
}

/** The step as reports show it. */
export function stepWords({from, to, resumeToken}: Step): {
  readonly from?: string
  readonly to: string
  readonly resumed: boolean
} {
  return {
    ...(from === undefined ? {} : {from: shortName(from)}),
    to: shortName(to),
    resumed: resumeToken !== undefined,
  }
}

/** The step as log lines show it. */
export function stepFields(step: Step): {
  readonly from: string | undefined
  readonly to: string
  readonly resumed: boolean
} {
  return {from: undefined, ...stepWords(step)}
}

/** A series as its span shows it. */
export function seriesFields(series: Series): ReturnType<typeof stepFields> & {readonly steps?: number} {
  const last = series.at(-1) ?? series[0]
  return series.length === 1
    ? stepFields(series[0])
    : {...stepFields(series[0]), to: shortName(last.to), steps: series.length}
}

/** Reports say when all is sent that had been sent before. */
export function sentBeforeWarnings({sentBefore}: {readonly sentBefore: Bookmark | undefined}): string[] {
  if (sentBefore === undefined) return []
  return [
    `the receiver has nothing of it any more: all is sent again, although this job had come to guid ${sentBefore.guid} before`,
  ]
}

/** Reports say what became of a copy that could not be continued. */
export function setAsideWords({newest, because}: SetAside): string {
  return `the receiver's copy is kept as …_diverged_${formatGuidHex(newest)} and replaced by a fresh one: ${because}`
}
