import {isNonEmpty} from '../core/assert.ts'
import type {RunContext} from '../core/context.ts'
import {printable, quoted} from '../core/printable.ts'
import type {DestroyReply, DestroyRequest} from '../endpoint/sender.ts'
import type {Board} from '../progress/board.ts'
import {progressed, type Transition, wentWrong} from '../progress/run-state.ts'
import type {FilesystemJudgement} from '../prune/judge-side.ts'
import type {RunningStep} from '../prune/protect.ts'
import type {Outcome} from '../zfs/client.ts'
import type {DatasetName, Guid} from '../zfs/name.ts'

/**
 * Most snapshots in one request to an endpoint, which batches within it. Its answer is the only sign that pruning on the
 * other host comes on, so it has to come long before a run without progress gives way to the next.
 */
const MAX_PER_REQUEST = 2000

export type DestroysSnapshots = {
  destroySnapshots(ctx: RunContext, requests: readonly DestroyRequest[]): Promise<readonly DestroyReply[]>
}

/** What became of each snapshot that was to be destroyed, by filesystem and name. */
export type DestroyOutcomes = Map<DatasetName, Map<string, Outcome>>

/** What an endpoint is to destroy of what was judged; nothing where nothing is doomed. */
export function destroyRequests(judgements: readonly FilesystemJudgement[]): readonly DestroyRequest[] {
  return judgements.flatMap((judgement) => {
    if (judgement.kind === 'skip') return []
    const snapshots = judgement.verdicts.flatMap(({kind, snapshot}) => (kind === 'destroy' ? [snapshot] : []))
    return isNonEmpty(snapshots)
      ? [{filesystem: judgement.filesystem, snapshots: snapshots.map(({name, guid}) => ({name, guid}))}]
      : []
  })
}

/**
 * Has everything destroyed, in as few requests as an endpoint takes, except what a replication needs that has begun since
 * it was judged. Notes in `outcomes` what became of them, of which something is known also when this throws.
 */
export async function destroyDoomed(
  ctx: RunContext,
  endpoint: DestroysSnapshots,
  requests: readonly DestroyRequest[],
  {
    running,
    board,
    outcomes,
  }: {
    readonly running: () => ReadonlyMap<Guid, RunningStep>
    readonly board: Board
    readonly outcomes: DestroyOutcomes
  },
): Promise<void> {
  for (const all of chunks(requests)) {
    const chunk = withoutRunning(all, running(), outcomes)
    const replies = await endpoint.destroySnapshots(ctx, chunk)
    board.change(comesOn(replies))
    for (const [index, {filesystem, snapshots}] of chunk.entries()) {
      const byName = outcomes.get(filesystem) ?? new Map<string, Outcome>()
      for (const [position, {name}] of snapshots.entries()) {
        const outcome = replies[index]?.outcomes[position]
        if (outcome !== undefined) byName.set(name, outcome)
        if (outcome?.kind === 'done')
          ctx.log.of('pruning').info('snapshot destroyed', {filesystem, snapshot: name})
      }
      outcomes.set(filesystem, byName)
    }
  }
}

/** Somebody's hold on a snapshot or two is no error state; an answer in which nothing has gone well is. */
function comesOn(replies: readonly DestroyReply[]): Transition {
  const outcomes = replies.flatMap(({outcomes}) => outcomes)
  const failure = outcomes.find((outcome) => outcome.kind === 'failed')
  const isStuck = failure?.kind === 'failed' && !outcomes.some(({kind}) => kind === 'done')
  return isStuck ? wentWrong(failure.failure.message) : progressed
}

/** What is left of the requests. The rest is busy: that is its outcome. */
function withoutRunning(
  requests: readonly DestroyRequest[],
  running: ReadonlyMap<Guid, RunningStep>,
  outcomes: DestroyOutcomes,
): readonly DestroyRequest[] {
  if (running.size === 0) return requests
  return requests.flatMap(({filesystem, snapshots}) => {
    const byName = outcomes.get(filesystem) ?? new Map<string, Outcome>()
    for (const {name, guid} of snapshots) {
      const step = running.get(guid)
      if (step === undefined) continue
      const message = `needed by step ${printable(step.step)} of job ${quoted(step.job)}, which has just begun`
      byName.set(name, {kind: 'failed', failure: {kind: 'busy', message}})
    }
    outcomes.set(filesystem, byName)
    const rest = snapshots.filter(({guid}) => !running.has(guid))
    return rest.length === 0 ? [] : [{filesystem, snapshots: rest}]
  })
}

/** Requests in pieces of at most `MAX_PER_REQUEST` snapshots; a filesystem with more is asked about several times. */
function chunks(requests: readonly DestroyRequest[]): readonly (readonly DestroyRequest[])[] {
  const pieces = requests.flatMap(({filesystem, snapshots}) =>
    Array.from({length: Math.ceil(snapshots.length / MAX_PER_REQUEST)}, (_, index) => ({
      filesystem,
      snapshots: snapshots.slice(index * MAX_PER_REQUEST, (index + 1) * MAX_PER_REQUEST),
    })),
  )
  const chunks: DestroyRequest[][] = []
  let room = 0
  for (const piece of pieces) {
    if (piece.snapshots.length > room) {
      chunks.push([])
      room = MAX_PER_REQUEST
    }
    chunks.at(-1)?.push(piece)
    room -= piece.snapshots.length
  }
  return chunks
}
