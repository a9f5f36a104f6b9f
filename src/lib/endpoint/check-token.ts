import {OperationalError} from '../core/errors.ts'
import {quoted} from '../core/printable.ts'
import type {SendArgs} from '../zfs/client.ts'
import {datasetOf} from '../zfs/name.ts'
import {decodeResumeToken, type ResumeState} from '../zfs/resume-token.ts'

/**
 * `zfs send -t` does what its token says, whatever else it is asked for: so a token has to say exactly what was asked.
 * It comes from the receiver, who may be lying (threat T8): one of another dataset, of another step, or of a plain stream
 * where policy wants a raw one would send what nobody has allowed. `raw`: what policy makes of the dataset.
 * Throws `send-policy`. The planner, which gives up partial receives that do not fit, asks for none of these.
 */
export function checkToken(args: SendArgs, raw: boolean): void {
  if (args.resumeToken === undefined) return
  const state = decodeResumeToken(args.resumeToken)
  const problem = state.kind === 'useless' ? state.because : mismatch(state, args, raw)
  if (problem === undefined) return
  throw new OperationalError(
    'send-policy',
    `the resume token for ${quoted(args.to.filesystem)} is refused: ${problem}`,
    {
      hint: 'give up the partial receive on the receiver (zfs receive -A); the next run then begins it afresh',
    },
  )
}

function mismatch(state: ResumeState, {to, from}: SendArgs, raw: boolean): string | undefined {
  if (datasetOf(state.toname) !== to.filesystem) return `it is of ${quoted(datasetOf(state.toname))}`
  if (state.toguid !== to.guid) return `it is of a snapshot with guid ${state.toguid}, not ${to.guid}`
  if (state.fromguid !== from?.guid)
    return `its base is ${state.fromguid ?? 'nothing'}, not ${from?.guid ?? 'nothing'}`
  if (state.raw !== raw) return raw ? 'it is of a stream that is not raw' : 'it is of a raw stream'
  if (state.redacted) return 'it is of a redacted stream'
  if (state.saved) return 'it is of a partially received snapshot'
  return undefined
}
