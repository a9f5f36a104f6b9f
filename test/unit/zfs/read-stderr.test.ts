import {describe, expect, test} from 'vitest'
import {
  bookmarkExists,
  createdButNotMounted,
  missingDatasets,
  noSuchTag,
  nothingToAbort,
  nothingToDestroy,
  nothingToRead,
  objectFailures,
  readerGone,
  readFailure,
  tagAlreadyExists,
  tokenOfReceive,
  undestroyableSnapshots,
  withoutInapplicableProperties,
  type ZfsFailureKind,
} from '../../../src/lib/zfs/read-stderr.ts'

const RESUMABLE = `cannot receive new filesystem stream: checksum mismatch or incomplete stream.
Partially received snapshot is saved.
A resuming stream can be generated on the sending system by running:
    zfs send -t 1-b338b54f30123-c0-789c636064000310a500c4ec50360710e72765
`

describe('a word for every known complaint', () => {
  test.each<[ZfsFailureKind, string]>([
    ['exists', "cannot hold snapshot 'tank/a@s': tag already exists on this dataset"],
    ['does-not-exist', "cannot hold snapshot 'tank/a@s': dataset does not exist"],
    ['unknown', "cannot hold snapshot 'tank/a@s': tag too long"],
    ['unknown', "tag may not start with '.'\nusage:\n\thold [-r] <tag> <snapshot> ..."],
    ['does-not-exist', "cannot release hold from snapshot 'tank/a@s': no such tag on this dataset"],
    ['does-not-exist', "cannot release hold from snapshot 'tank/a@s': dataset does not exist"],
    ['exists', "cannot create bookmark 'tank/a#b': bookmark exists"],
    [
      'does-not-exist',
      "cannot open 'tank/a@s': dataset does not exist\nusage:\n\tbookmark <snapshot> <bookmark>",
    ],
    ['unknown', "cannot create bookmark 'tank/a#b': bookmark feature not enabled"],
    ['no-space', "cannot create bookmark 'tank/a#b': out of space"],
    [
      'not-the-base',
      "cannot create bookmark 'tank/a#b': source is not an ancestor of the new bookmark's dataset",
    ],
    ['does-not-exist', "bookmark 'tank/a#b' does not exist."],
    ['exists', "cannot create snapshot 'tank/a@s': dataset already exists\nno snapshots were created"],
    ['no-space', "cannot create snapshot 'tank/a@s': out of space\nno snapshots were created"],
    ['busy', "cannot create snapshot 'tank/a@s': dataset is busy\nno snapshots were created"],
    ['unknown', 'cannot create snapshots : multiple snapshots of same fs not allowed'],
    ['busy', 'cannot destroy snapshot tank/a@s: dataset is busy'],
    [
      'held',
      "cannot destroy snapshot tank/a@s: it's being held. Run 'zfs holds -r tank/a@s' to see holders.",
    ],
    [
      'cloned',
      "cannot destroy 'tank/a@s': snapshot has dependent clones\nuse '-R' to destroy the following datasets:\ntank/c",
    ],
    ['cloned', 'cannot destroy snapshot tank/a@s: snapshot is cloned'],
    ['does-not-exist', 'could not find any snapshots to destroy; check snapshot names.'],
    ['does-not-exist', "cannot open 'tank/a': dataset does not exist"],
    ['does-not-exist', "cannot open 'tank': no such pool or dataset"],
    ['permission', "cannot create snapshot 'tank/a@s': permission denied"],
    ['permission', 'cannot receive new filesystem stream: permission denied'],
    ['permission', 'filesystem successfully created, but it may only be mounted by root'],
    ['unknown', "cannot open 'tank/a': pool I/O is currently suspended"],
    ['unknown', "cannot create snapshot 'tank/a@s': pool is read-only"],
    ['unknown', 'internal error: Invalid argument'],
    [
      'partial-receive',
      'cannot receive incremental stream: destination tank/r contains partially-complete state from "zfs receive -s".',
    ],
    ['busy', 'cannot receive incremental stream: dataset is busy'],
    ['cut', 'cannot receive new filesystem stream: incomplete stream'],
    ['cut', 'cannot receive new filesystem stream: checksum mismatch'],
    ['cut', RESUMABLE],
    ['cut', 'cannot receive: failed to read from stream'],
    [
      'not-the-base',
      'cannot receive incremental stream: most recent snapshot of tank/r does not\nmatch incremental source',
    ],
    [
      'modified',
      'cannot receive incremental stream: destination tank/r has been modified\nsince most recent snapshot',
    ],
    ['does-not-exist', "cannot receive incremental stream: destination 'tank/r' does not exist"],
    ['exists', 'cannot restore to tank/r@s: destination already exists'],
    [
      'exists',
      "cannot receive new filesystem stream: destination 'tank/r' exists\nmust specify -F to overwrite it",
    ],
    [
      'exists',
      'cannot receive new filesystem stream: destination has snapshots (eg. tank/r@s)\nmust destroy them to overwrite it',
    ],
    [
      'exists',
      "cannot receive resume stream: Resuming recv on existing destination 'tank/r'\nmust specify -F to overwrite it",
    ],
    ['no-space', 'cannot receive new filesystem stream: destination tank/r space quota exceeded.'],
    ['no-space', 'cannot receive new filesystem stream: out of space'],
    ['stream', 'cannot receive incremental stream: invalid backup stream'],
    ['stream', 'cannot receive incremental stream: kernel modules must be upgraded to receive this stream.'],
    ['stream', 'cannot receive new filesystem stream: pool must be upgraded to receive this stream.'],
    ['key-not-loaded', 'cannot receive new filesystem stream: inherited key must be loaded'],
    ['stream', 'cannot receive incremental stream: encryption key does not match existing key'],
    [
      'stream',
      'cannot receive incremental stream: cannot perform raw receive on top of existing unencrypted dataset',
    ],
    [
      'stream',
      'cannot receive new filesystem stream: zfs receive -F cannot be used to destroy an encrypted filesystem or overwrite an unencrypted one with an encrypted one',
    ],
    ['stream', 'cannot receive incremental stream: IV set guid missing. See errata 4 at https://…'],
    ['not-the-base', 'cannot receive incremental stream: IV set guid mismatch. See the …'],
    [
      'not-the-base',
      'cannot receive incremental stream: incremental send stream requires -L (--large-block), to match previous receive.',
    ],
    ['stream', 'cannot receive: stream has unsupported feature, feature flags = 40000000'],
    ['unknown', "'tank/r' does not have any resumable receive state to abort"],
    ['not-the-base', "warning: cannot send 'tank/a@s': not an earlier snapshot from the same fs"],
    ['does-not-exist', "warning: cannot send 'tank/a@s': incremental source (@r) does not exist"],
    ['key-not-loaded', "warning: cannot send 'tank/a@s': dataset key must be loaded"],
    ['key-not-loaded', "warning: cannot send 'tank/a@s': source key must be loaded"],
    ['cut', "warning: cannot send 'tank/a@s': Broken pipe"],
    [
      'stream',
      "warning: cannot send 'tank/a@s': source snapshot contains large microzaps, need -L (--large-block) or -w (--raw) to generate stream",
    ],
    ['stream', 'cannot resume send: resume token is corrupt (incorrect checksum)'],
    ['does-not-exist', "cannot resume send: 'tank/a@s' used in the initial send no longer exists"],
    [
      'does-not-exist',
      "cannot resume send: 'tank/a@s' is no longer the same snapshot used in the initial send",
    ],
    ['does-not-exist', 'cannot resume send: incremental source 0x123 no longer exists'],
    ['too-many-arguments', 'sh: zfs: Argument list too long'],
    ['unknown', "Dataset 'tank/a' kann nicht geöffnet werden: Dataset existiert nicht"],
    ['unknown', ''],
  ])('%s: %s', (kind, stderr) => expect(readFailure(stderr).kind).toBe(kind))

  test('a name cannot choose the word', () => {
    const stderr =
      "cannot open 'tank/permission denied: dataset does not exist': pool I/O is currently suspended"
    expect(readFailure(stderr).kind).toBe('unknown')
  })
})

describe('the message', () => {
  test.each([
    ["cannot open 'tank': dataset does not exist\n", "cannot open 'tank': dataset does not exist"],
    ['a\n\n', 'a'],
    ['', 'zfs said nothing'],
    ['usage:\n\tsnapshot …', 'zfs said nothing'],
    ["tag may not start with '.'\nusage:\n\thold", "tag may not start with '.'"],
    [
      'cannot receive incremental stream: most recent snapshot of r does not\nmatch incremental source\n',
      'cannot receive incremental stream: most recent snapshot of r does not match incremental source',
    ],
    [
      "cannot hold snapshot 'a@b': x\ncannot hold snapshot 'a@c': y\n",
      "cannot hold snapshot 'a@b': x; cannot hold snapshot 'a@c': y",
    ],
    ['\u001b[31mred\u001b[0m \u202e', '\\x1b[31mred\\x1b[0m \\u{202e}'],
  ])('of %j', (stderr, message) => expect(readFailure(stderr).message).toBe(message))

  test('shows no resume token', () => {
    expect(readFailure(RESUMABLE).message).toContain('zfs send -t 1-b338b54f30…')
    expect(readFailure(RESUMABLE).message).not.toContain('789c')
  })
  test('is not endless', () => expect(readFailure('x'.repeat(1 << 20)).message.length).toBeLessThan(2100))
})

describe('missingDatasets', () => {
  test.each<[string, readonly string[] | undefined]>([
    ["cannot open 'tank/a b': dataset does not exist\n", ['tank/a b']],
    [
      "cannot open 'tank': no such pool or dataset\ncannot open 'x/y': dataset does not exist",
      ['tank', 'x/y'],
    ],
    ['', undefined],
    ["cannot open 'tank': dataset does not exist\ncannot open 'x': permission denied", undefined],
    ["cannot open 'tank': dataset does not exist\nsomething else", undefined],
    ["cannot open 'tank': permission denied", undefined],
    ["xcannot open 'tank': dataset does not exist", undefined],
    ["cannot open 'tank': dataset does not exist anymore", undefined],
    ["cannot open 'a': pool I/O is suspended, 'b': dataset does not exist", undefined],
  ])('%j: %j', (stderr, names) => expect(missingDatasets(stderr)).toEqual(names))
})

describe('objectFailures', () => {
  test('tells the objects apart', () => {
    const stderr =
      "cannot hold snapshot 'tank/a b@1': tag already exists on this dataset\ncannot hold snapshot 'tank@2': dataset does not exist\n"
    expect(objectFailures(stderr)?.map(({object, failure}) => [object, failure.kind])).toEqual([
      ['tank/a b@1', 'exists'],
      ['tank@2', 'does-not-exist'],
    ])
  })
  test('of a snapshot command, which says once more that it did nothing', () => {
    const stderr = "cannot create snapshot 'tank/a@s': dataset already exists\nno snapshots were created\n"
    expect(objectFailures(stderr)?.map(({object, failure}) => [object, failure.kind])).toEqual([
      ['tank/a@s', 'exists'],
    ])
  })
  test('without complaint there is none', () => expect(objectFailures('')).toEqual([]))
  test('a line of another form spoils all', () => {
    expect(
      objectFailures("cannot hold snapshot 'tank@2': dataset does not exist\ninternal error: x\n"),
    ).toBeUndefined()
  })
})

describe('undestroyableSnapshots', () => {
  test.each<[string, string, readonly (readonly [string, string])[] | undefined]>([
    [
      'older ZFS',
      'cannot destroy snapshot tank/a b@1: dataset is busy\ncannot destroy snapshot tank/a b@2: snapshot is cloned\n',
      [
        ['tank/a b@1', 'busy'],
        ['tank/a b@2', 'cloned'],
      ],
    ],
    [
      'newer ZFS',
      "cannot destroy snapshot tank/a@1: it's being held. Run 'zfs holds -r tank/a@1' to see holders.\n",
      [['tank/a@1', 'held']],
    ],
    [
      'a colon and a blank in the name',
      "cannot destroy snapshot tank/a@1: 2: dataset is busy\ncannot destroy snapshot tank/a@x: y: it's being held. Run 'zfs holds -r tank/a@x: y' to see holders.\n",
      [
        ['tank/a@1: 2', 'busy'],
        ['tank/a@x: y', 'held'],
      ],
    ],
    [
      'clones found by the command itself, a partial receive among them',
      "cannot destroy 'tank/a@1': snapshot has dependent clones\nuse '-R' to destroy the following datasets:\ntank/clone b\ntank/a/%recv\n",
      [['tank/a@1', 'cloned']],
    ],
    [
      'mixed',
      "cannot destroy 'tank/a@1': snapshot has dependent clones\nuse '-R' to destroy the following datasets:\ntank/c\ncannot destroy snapshot tank/a@2: dataset is busy\n",
      [
        ['tank/a@1', 'cloned'],
        ['tank/a@2', 'busy'],
      ],
    ],
    ['an unknown reason', 'cannot destroy snapshot tank/a@1: aliens\n', [['tank/a@1', 'unknown']]],
    ['a foreign line', 'cannot destroy snapshot tank/a@1: dataset is busy\ninternal error: x\n', undefined],
    [
      'a foreign line behind clones',
      "cannot destroy 'tank/a@1': snapshot has dependent clones\ninternal error: x\n",
      undefined,
    ],
    ['a dataset without a reason', 'tank/c\n', undefined],
    [
      'a list of clones without its snapshot',
      "use '-R' to destroy the following datasets:\ntank/c\n",
      undefined,
    ],
    ['no snapshot', 'cannot destroy snapshot tank/a: dataset is busy\n', undefined],
    ['a name that cannot be', 'cannot destroy snapshot tank/../a@1: dataset is busy\n', undefined],
    ['nothing', '', undefined],
  ])('%s', (_, stderr, expected) => {
    expect(undestroyableSnapshots(stderr)?.map(({snapshot, failure}) => [snapshot, failure.kind])).toEqual(
      expected,
    )
  })

  test('keeps what zfs said', () => {
    const line = 'cannot destroy snapshot tank/a@1: dataset is busy'
    expect(undestroyableSnapshots(line)?.[0]?.failure.message).toBe(line)
  })
})

describe('what is as wished', () => {
  const held = "cannot hold snapshot 'tank/a@s': tag already exists on this dataset\n"
  const untagged = "cannot release hold from snapshot 'tank/a@s': no such tag on this dataset\n"
  const gone = "cannot release hold from snapshot 'tank/a@t': dataset does not exist\n"
  test.each<[string, (stderr: string) => boolean, string, boolean]>([
    ['tagAlreadyExists', tagAlreadyExists, held, true],
    ['tagAlreadyExists of two', tagAlreadyExists, held + held, true],
    [
      'tagAlreadyExists and more',
      tagAlreadyExists,
      `${held}cannot hold snapshot 'tank/a@t': dataset does not exist\n`,
      false,
    ],
    ['tagAlreadyExists of nothing', tagAlreadyExists, '', false],
    ['noSuchTag', noSuchTag, untagged, true],
    ['noSuchTag and a snapshot that is gone', noSuchTag, untagged + gone, false],
    ['noSuchTag of a snapshot that is gone', noSuchTag, gone, false],
    ['bookmarkExists', bookmarkExists, "cannot create bookmark 'tank/a#b': bookmark exists\n", true],
    [
      'bookmarkExists in a name',
      bookmarkExists,
      "cannot create bookmark 'tank/a#b': bookmark exists': out of space\n",
      false,
    ],
    [
      'nothingToDestroy snapshots',
      nothingToDestroy,
      'could not find any snapshots to destroy; check snapshot names.\n',
      true,
    ],
    ['nothingToDestroy bookmark', nothingToDestroy, "bookmark 'tank/a#b' does not exist.\n", true],
    [
      'nothingToDestroy, but the dataset',
      nothingToDestroy,
      "cannot open 'tank/a': permission denied\n",
      false,
    ],
    ['nothingToAbort', nothingToAbort, "'tank/a' does not have any resumable receive state to abort\n", true],
    ['nothingToAbort, but', nothingToAbort, "cannot open 'tank/a': dataset does not exist\n", false],
    ['nothingToRead', nothingToRead, 'cannot receive: failed to read from stream\n', true],
    ['nothingToRead, but', nothingToRead, RESUMABLE, false],
    ['readerGone', readerGone, "warning: cannot send 'tank/a@s': Broken pipe\n", true],
    ['readerGone, but', readerGone, "warning: cannot send 'tank/a@s': dataset key must be loaded\n", false],
    [
      'createdButNotMounted',
      createdButNotMounted,
      'filesystem successfully created, but it may only be mounted by root\n',
      true,
    ],
    ['createdButNotMounted, but', createdButNotMounted, "cannot create 'tank/a': permission denied\n", false],
  ])('%s', (_, predicate, stderr, expected) => expect(predicate(stderr)).toBe(expected))
})

describe('tokenOfReceive', () => {
  test('is found', () => {
    expect(tokenOfReceive(RESUMABLE)).toBe('1-b338b54f30123-c0-789c636064000310a500c4ec50360710e72765')
  })
  test.each([[''], ['zfs send -t 1-a-b-789c'], [RESUMABLE.replace('1-b338', '-R 1-b338')]])(
    'is not in %j',
    (stderr) => expect(tokenOfReceive(stderr)).toBeUndefined(),
  )
})

test('a property that a volume cannot have is not worth a word, anything else is', () => {
  const volume =
    "Warning: b/p/tank/vol: property 'mountpoint' does not apply to datasets of this type\nWarning: b/p/tank/vol: property 'exec' does not apply to datasets of this type\n"
  const other = 'cannot receive sharenfs property on b/p/tank/vol: permission denied\n'
  expect(withoutInapplicableProperties(volume)).toBe('')
  expect(withoutInapplicableProperties(volume + other)).toBe(other)
})
