/**
 * What went wrong with one object, as far as the text of `zfs` tells. Text only chooses a better word:
 * no decision that could lose data rests on it (OpenZFS changed the text of held snapshots within one release series).
 */
export type ZfsFailure = {
  readonly kind: ZfsFailureKind
  /** What `zfs` said, printable, for people. */
  readonly message: string
}

export type ZfsFailureKind =
  | 'does-not-exist'
  | 'exists'
  | 'busy'
  | 'held'
  | 'cloned'
  | 'permission'
  | 'key-not-loaded'
  | 'partial-receive'
  | 'modified'
  | 'not-the-base'
  | 'no-space'
  | 'stream'
  | 'too-many-arguments'
  | 'unknown'
