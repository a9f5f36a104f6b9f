/**
 * Whether a stream of a filesystem has to be raw, so that a resume token that says otherwise is not used.
 *
 * An encrypted filesystem is sent raw if and only if the job's `send.encrypted` is set (zrepl's matrix); for any other
 * the flag changes nothing. `send` is `undefined` on the side that does not know it: a pull job, whose source decides.
 */
export function expectRaw(
  send: {readonly encrypted: boolean} | undefined,
  filesystem: {readonly encrypted: boolean},
): boolean | undefined {
  return filesystem.encrypted ? send?.encrypted : undefined
}
