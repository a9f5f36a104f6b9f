import {encodeResumeToken, type TokenFields} from '../zfs/encode-resume-token.ts'

/** A token in the middle of receiving the snapshot with guid `to`. */
export function tokenFor(to: number, from?: number, more: TokenFields = {}): string {
  const fromguid = from === undefined ? undefined : BigInt(from)
  return encodeResumeToken({toguid: BigInt(to), fromguid, toname: 'tank/a@whatever', ...more})
}
