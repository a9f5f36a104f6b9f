import {strict as assert} from 'node:assert'
import {parseJobId} from '../../src/lib/abstraction/job-id.ts'
import {cursorName, readCursor} from '../../src/lib/abstraction/replication-cursor.ts'
import {createPipe} from '../../src/lib/host/pipe.ts'
import {isSelected} from '../../src/lib/plan/snapshot-selection.ts'
import type {JudgedSnapshot} from '../../src/lib/zfs/client.ts'
import {
  bookmarkName,
  parseBookmarkName,
  parseHoldTag,
  parseSnapshotName,
  snapshotName,
} from '../../src/lib/zfs/name.ts'
import {decodeResumeToken} from '../../src/lib/zfs/resume-token.ts'
import {byCreatetxg, isBookmark, isSnapshot, nameOfSnapshot} from '../../src/lib/zfs/version.ts'
import {anyTo} from '../any-stream.ts'
import {PLAIN} from '../send-flags.ts'
import type {Case} from './case.ts'
import {sendAndReceive} from './stream.ts'
import {kinds, names, type World} from './world.ts'

const TAG = parseHoldTag('conformance')

/** Before OpenZFS 2.3.3, and where nobody has taken that change over, a hold is told as being busy. */
const asHeld = (kind: string) => (kind === 'busy' ? 'held' : kind)

/** The snapshots of a filesystem, oldest first. */
async function judgedIn(world: World, filesystem: string): Promise<readonly JudgedSnapshot[]> {
  const snapshots = (await world.versions(filesystem)).filter(isSnapshot)
  return snapshots.map((snapshot) => ({name: nameOfSnapshot(snapshot), guid: snapshot.guid}))
}

async function holdOne(world: World): Promise<void> {
  const {ctx, zfs, sh} = world
  await sh(
    'zfs create -p "$ROOT/a b"; for s in 1 "2 3" "4 5 6" "7 8 9"; do zfs snapshot "$ROOT/a b@$s"; done; zfs hold x "$ROOT/a b@4 5 6"',
  )
  const outcomes = await zfs.destroySnapshots(ctx, await judgedIn(world, 'a b'))
  assert.deepEqual(kinds(outcomes).map(asHeld), ['done', 'done', 'held', 'done'])
  assert.deepEqual(names(await world.versions('a b')), ['@4 5 6'])
}

export const ZFS_LAYER: readonly Case[] = [
  {
    name: 'BatchDestroy',
    async run(world) {
      const {ctx, zfs, sh} = world
      await sh(
        'zfs create -p $ROOT/a; for s in 1 2 3; do zfs snapshot $ROOT/a@$s; done; zfs hold x $ROOT/a@2',
      )
      const outcomes = await zfs.destroySnapshots(ctx, await judgedIn(world, 'a'))
      assert.deepEqual(kinds(outcomes).map(asHeld), ['done', 'held', 'done'])
      assert.deepEqual(names(await world.versions('a')), ['@2'])
    },
  },
  {
    name: 'CreateReplicationCursor',
    async run(world) {
      const {ctx, zfs, sh, fs} = world
      await sh(
        'zfs create -p $ROOT/a; zfs snapshot $ROOT/a@1; zfs bookmark $ROOT/a@1 $ROOT/a#1; zfs snapshot $ROOT/a@2',
      )
      const job = parseJobId('zreplplatformtest')
      const cursorAt = async (
        source: Awaited<ReturnType<World['snapshot']>> | Awaited<ReturnType<World['bookmark']>>,
        jobId = job,
      ) =>
        kinds(
          await zfs.bookmark(ctx, [
            {bookmark: bookmarkName(fs('a'), cursorName(source.guid, jobId)), source},
          ]),
        )
      const snapshot = await world.snapshot('a', '1')
      assert.deepEqual(await cursorAt(snapshot), ['done'])
      assert.deepEqual(await cursorAt(snapshot), ['done'], 'idempotent')
      assert.deepEqual(
        await cursorAt(await world.bookmark('a', '1')),
        ['done'],
        'from a bookmark of the same snapshot',
      )
      await sh('zfs destroy $ROOT/a@1')
      const cursor = await world.bookmark('a', cursorName(snapshot.guid, job))
      assert.deepEqual(await cursorAt(cursor), ['done'], 'from the cursor itself')
      // zrepl knows no cloning of bookmarks; OpenZFS has it since 2.0.
      assert.deepEqual(await cursorAt(await world.bookmark('a', '1'), parseJobId('other')), ['done'])
      assert.deepEqual(await cursorAt(await world.snapshot('a', '2')), ['done'])
      const ours = (await world.versions('a')).filter(isBookmark).filter((bookmark) => {
        const read = readCursor(bookmark)
        return read?.kind === 'cursor' && read.jobId === job
      })
      const newest = ours.toSorted(byCreatetxg).at(-1)
      const two = await world.snapshot('a', '2')
      assert.deepEqual([newest?.guid, newest?.createtxg], [two.guid, two.createtxg])
      assert.equal(ours.length, 2)
    },
  },
  {
    name: 'GetNonexistent',
    async run({ctx, zfs, sh, fs}) {
      await sh('zfs create -p $ROOT/a')
      const listing = await zfs.list(ctx, {roots: [fs('missing'), fs('a')], recursive: false})
      assert.deepEqual(
        [listing.missingRoots, listing.datasets.map(({name}) => name)],
        [[fs('missing')], [fs('a')]],
      )
      const snapshot = snapshotName(fs('a'), 'missing')
      assert.deepEqual(kinds(await zfs.hold(ctx, [{snapshot, tag: TAG}])), ['does-not-exist'])
      assert.deepEqual([...(await zfs.holds(ctx, [snapshot]))], [])
      await sh('zfs snapshot $ROOT/a@1; zfs bookmark $ROOT/a@1 $ROOT/a#1; zfs destroy $ROOT/a@1')
      const [source] = ((await zfs.listVersions(ctx, [fs('a')])).get(fs('a')) ?? []).filter(isBookmark)
      assert(source !== undefined)
      await sh('zfs destroy $ROOT/a#1')
      assert.deepEqual(kinds(await zfs.bookmark(ctx, [{bookmark: bookmarkName(fs('a'), '2'), source}])), [
        'does-not-exist',
      ])
    },
  },
  {
    name: 'HoldsWork',
    async run({ctx, zfs, sh, fs}) {
      await sh('zfs create -p "$ROOT/foo bar"; zfs snapshot "$ROOT/foo bar@snap name"')
      const snapshot = snapshotName(fs('foo bar'), 'snap name')
      const tags = ['tag 1', 'tag 2'].map(parseHoldTag)
      for (const tag of tags) assert.deepEqual(kinds(await zfs.hold(ctx, [{snapshot, tag}])), ['done'])
      assert.deepEqual((await zfs.holds(ctx, [snapshot])).get(snapshot)?.toSorted(), tags)
    },
  },
  {
    name: 'IdempotentBookmark',
    async run(world) {
      const {ctx, zfs, sh, fs} = world
      await sh('zfs create -p $ROOT/a; zfs snapshot $ROOT/a@1; zfs snapshot $ROOT/a@2')
      const [one, two] = [await world.snapshot('a', '1'), await world.snapshot('a', '2')]
      const make = async (name: string, source: typeof one) =>
        kinds(await zfs.bookmark(ctx, [{bookmark: bookmarkName(fs('a'), name), source}]))
      assert.deepEqual(await make('bm', one), ['done'])
      assert.deepEqual(await make('bm', one), ['done'])
      assert.deepEqual(await make('bm', two), ['exists'])
      await sh('zfs destroy $ROOT/a@2')
      assert.deepEqual(await make('other', two), ['does-not-exist'])
      assert.equal((await world.bookmark('a', 'bm')).guid, one.guid)
    },
  },
  {
    name: 'IdempotentDestroy',
    async run(world) {
      const {ctx, zfs, sh, fs} = world
      await sh('zfs create -p $ROOT/a; zfs snapshot $ROOT/a@1; zfs bookmark $ROOT/a@1 $ROOT/a#1')
      const {guid} = await world.snapshot('a', '1')
      const [snapshot, bookmark] = [
        {name: snapshotName(fs('a'), '1'), guid},
        parseBookmarkName(`${fs('a')}#1`),
      ]
      for (let time = 1; time <= 2; time += 1) {
        assert.deepEqual(
          kinds(await zfs.destroySnapshots(ctx, [snapshot])),
          ['done'],
          `snapshot, time ${time}`,
        )
        assert.deepEqual(
          kinds(await zfs.destroyBookmarks(ctx, [bookmark])),
          ['done'],
          `bookmark, time ${time}`,
        )
      }
      // Filesystems are never destroyed by this program.
      const gone = fs('no parent')
      assert.deepEqual(kinds(await zfs.destroySnapshots(ctx, [{name: snapshotName(gone, '1'), guid}])), [
        'done',
      ])
      assert.deepEqual(kinds(await zfs.destroyBookmarks(ctx, [bookmarkName(gone, '1')])), ['done'])
    },
  },
  {
    name: 'IdempotentHold',
    async run({ctx, zfs, sh, fs}) {
      await sh('zfs create -p $ROOT/a; zfs snapshot $ROOT/a@1')
      const hold = {snapshot: snapshotName(fs('a'), '1'), tag: TAG}
      assert.deepEqual(kinds(await zfs.hold(ctx, [hold])), ['done'])
      assert.deepEqual(kinds(await zfs.hold(ctx, [hold])), ['done'])
      assert.deepEqual((await zfs.holds(ctx, [hold.snapshot])).get(hold.snapshot), [TAG])
      assert.deepEqual(kinds(await zfs.release(ctx, [hold])), ['done'])
      assert.deepEqual(kinds(await zfs.release(ctx, [hold])), ['done'])
    },
  },
  {
    name: 'ListFilesystemVersionsFilesystemNotExist',
    async run({ctx, zfs, fs}) {
      assert.equal((await zfs.listVersions(ctx, [fs('missing')])).has(fs('missing')), false)
      assert.deepEqual((await zfs.list(ctx, {roots: [fs('missing')], recursive: true})).missingRoots, [
        fs('missing'),
      ])
    },
  },
  {
    name: 'ListFilesystemVersionsTypeFilteringAndPrefix',
    async run(world) {
      await world.sh(`zfs create -p "$ROOT/foo bar"; zfs create -p "$ROOT/foo bar/child"
for s in blup ' leading' 'blup 2' other; do zfs snapshot "$ROOT/foo bar@$s"; done
zfs bookmark "$ROOT/foo bar@blup" "$ROOT/foo bar#blup mark"; zfs snapshot "$ROOT/foo bar/child@blup 3"`)
      const all = await world.versions('foo bar')
      assert.deepEqual(names(all.filter(isSnapshot)), ['@blup', '@ leading', '@blup 2', '@other'])
      assert.deepEqual(names(all.filter(isBookmark)), ['#blup mark'])
      const selected = all.filter(isSnapshot).filter((snapshot) => isSelected({prefix: 'blup'}, snapshot))
      assert.deepEqual(names(selected), ['@blup', '@blup 2'])
    },
  },
  {
    name: 'ListFilesystemVersionsUserrefs',
    async run(world) {
      await world.sh(`zfs create -p $ROOT/a; for s in 0 1 2; do zfs snapshot $ROOT/a@$s; done
zfs bookmark $ROOT/a@2 $ROOT/a#b; zfs hold x $ROOT/a@1; zfs hold x $ROOT/a@2; zfs hold y $ROOT/a@2`)
      const all = await world.versions('a')
      assert.deepEqual(
        all.filter(isSnapshot).map(({userrefs}) => userrefs),
        [0, 1, 2],
      )
      assert.deepEqual(
        all.filter(isBookmark).map((bookmark) => 'userrefs' in bookmark),
        [false],
      )
    },
  },
  {
    name: 'ListFilesystemVersionsZeroExistIsNotAnError',
    async run(world) {
      await world.sh('zfs create -p $ROOT/a')
      assert.deepEqual(await world.versions('a'), [])
      assert.deepEqual((await world.dataset('a')).name, world.fs('a'))
    },
  },
  {
    name: 'ListFilesystemsNoFilter',
    async run({ctx, zfs, sh, root, fs}) {
      await sh('zfs create -p $ROOT/a; zfs create -p "$ROOT/a/b c"; zfs create -p -s -V 16M $ROOT/v')
      const all = (await zfs.list(ctx, {roots: [root], recursive: true})).datasets.map(({name}) => name)
      for (const name of [root, fs('a'), fs('a/b c'), fs('v')]) assert(all.includes(name), name)
    },
  },
  {
    name: 'ReceiveForceIntoEncryptedErr',
    async run(world) {
      const {sh, fs} = world
      await sh(`zfs create -p $ROOT/plain; zfs snapshot $ROOT/plain@1
zfs create -p $SECRET -o zrepl:placeholder=on $ROOT/secret`)
      const send = {
        to: await world.snapshot('plain', '1'),
        from: undefined,
        flags: PLAIN,
        resumeToken: undefined,
      }
      const {received} = await sendAndReceive(world, send, {
        to: snapshotName(fs('secret'), '1'),
        replacesPlaceholder: true,
      })
      assert.equal(received.kind, 'failed')
      assert.match(
        received.kind === 'failed' ? received.failure.message : '',
        /zfs receive -F cannot be used to destroy an encrypted filesystem/,
      )
      assert.equal((await world.dataset('secret')).encrypted, true)
    },
  },
  {
    name: 'ReceiveForceRollbackWorksUnencrypted',
    async run(world) {
      const {sh, fs} = world
      await sh(
        'zfs create -p $ROOT/a; zfs snapshot $ROOT/a@1; zfs create -p -o zrepl:placeholder=on -o mountpoint=none $ROOT/b',
      )
      const send = {to: await world.snapshot('a', '1'), from: undefined, flags: PLAIN, resumeToken: undefined}
      const over = {to: snapshotName(fs('b'), '1'), replacesPlaceholder: true}
      const {received} = await sendAndReceive(world, send, over)
      assert.equal(received.kind, 'done')
      assert.equal((await world.snapshot('b', '1')).guid, send.to.guid)
      // zrepl would roll back and destroy what is there. Ours replaces empty placeholders and never anything else.
      const again = await sendAndReceive(world, send, over)
      assert.deepEqual(kinds([again.received]), ['exists'])
    },
  },
  {
    name: 'ResumableRecvAndTokenHandling',
    async run(world) {
      const {sh, fs} = world
      await sh(
        'zfs create -p -o mountpoint=$DIR/a $ROOT/a; dd if=/dev/urandom of=$DIR/a/file bs=1M count=1 status=none; zfs snapshot $ROOT/a@1',
      )
      const send = {to: await world.snapshot('a', '1'), from: undefined, flags: PLAIN, resumeToken: undefined}
      const into = {to: snapshotName(fs('b'), '1'), replacesPlaceholder: false}
      const {received} = await sendAndReceive(world, send, into, 600 * 1024)
      assert.deepEqual(kinds([received]), ['cut'])
      const {resumeToken = ''} = await world.dataset('b')
      const state = decodeResumeToken(resumeToken)
      assert(state.kind === 'resumable')
      assert.deepEqual(
        [state.toguid, state.toname, state.fromguid],
        [send.to.guid, nameOfSnapshot(send.to), undefined],
      )
      assert(state.bytes > 256n * 1024n, `received ${state.bytes}`)
      assert(
        received.kind === 'failed' && !received.failure.message.includes(resumeToken),
        'a token is a capability',
      )
      const resumed = await sendAndReceive(world, {...send, resumeToken}, into)
      assert.deepEqual(kinds([resumed.sent, resumed.received]), ['done', 'done'])
      assert.equal((await world.snapshot('b', '1')).guid, send.to.guid)
    },
  },
  {
    name: 'ResumeTokenParsing',
    async run(world) {
      const {sh, fs} = world
      await sh(`zfs create -p $SECRET -o mountpoint=$DIR/a $ROOT/a
for s in a b; do dd if=/dev/urandom of=$DIR/a/file bs=512K count=1 status=none; zfs snapshot $ROOT/a@$s; done`)
      const [a, b] = [await world.snapshot('a', 'a'), await world.snapshot('a', 'b')]
      for (const raw of [false, true]) {
        const flags = {...PLAIN, raw}
        const target = raw ? 'raw' : 'plain'
        for (const [from, to] of [
          [undefined, a],
          [a, b],
        ] as const) {
          const send = {to, from, flags, resumeToken: undefined}
          const into = {to: snapshotName(fs(target), to.name), replacesPlaceholder: false}
          await sendAndReceive(world, send, into, 300 * 1024)
          const {resumeToken = ''} = await world.dataset(target)
          const state = decodeResumeToken(resumeToken)
          assert(state.kind === 'resumable')
          assert.deepEqual([state.toguid, state.fromguid, state.raw], [to.guid, from?.guid, raw])
          // What ZFS itself reads in it.
          const read = await sh(`zfs send -nvt '${resumeToken}' 2>&1 || true`)
          const field = (name: string) => new RegExp(`\\t${name} = (.*)`).exec(read)?.[1]
          assert.equal(BigInt(field('toguid') ?? 0), BigInt(to.guid))
          assert.equal(
            field('fromguid') === undefined ? undefined : BigInt(field('fromguid') ?? 0),
            from && BigInt(from.guid),
          )
          assert.equal(field('toname'), state.toname)
          assert.equal(BigInt(field('bytes') ?? 0), state.bytes)
          assert.equal(field('rawok') !== undefined, raw)
          const corrupt = resumeToken.replace(/.(?=.{20}$)/, (digit) => (digit === '0' ? '1' : '0'))
          assert.equal(decodeResumeToken(corrupt).kind, 'useless')
          assert.match(await sh(`zfs send -nvt '${corrupt}' 2>&1 || true`), /resume token is corrupt/)
          await sendAndReceive(world, {...send, resumeToken}, into)
        }
      }
    },
  },
  {name: 'UndestroyableSnapshotParsing', run: holdOne},
  {
    name: 'SendStreamCloseAfterBlockedOnPipeWrite',
    async run(world) {
      const {reader, sending, stop, ended} = await blockedSend(world)
      stop(new Error('enough'))
      await assert.rejects(sending, /enough/)
      await ended()
      reader.close()
    },
  },
  {
    name: 'SendStreamCloseAfterEOFRead',
    async run(world) {
      const {reader, sending, ended} = await blockedSend(world)
      await drain(world, reader)
      assert.deepEqual(kinds([await sending]), ['done'])
      await ended()
      reader.close()
      await assert.rejects(reader.read(1, world.ctx.signal), /the connection is closed/)
    },
  },
  {
    name: 'SendStreamMultipleCloseAfterEOF',
    async run(world) {
      const {reader, sending, ended} = await blockedSend(world)
      await drain(world, reader)
      await sending
      await ended()
      reader.close()
      reader.close()
      await assert.rejects(reader.read(1, world.ctx.signal), /the connection is closed/)
    },
  },
  {
    name: 'SendStreamMultipleCloseBeforeEOF',
    async run(world) {
      const {reader, sending, ended} = await blockedSend(world)
      reader.close()
      reader.close()
      assert.deepEqual(kinds([await sending]).includes('done'), false)
      await ended()
    },
  },
  {
    name: 'SendStreamNonEOFReadErrorHandling',
    async run(world) {
      // A kernel pipe has one read error: its reader gives up. The child ends, and the reason is the reader's.
      const {reader, sending, ended} = await blockedSend(world)
      const reading = reader.read(64 * 1024 * 1024, world.ctx.signal)
      reader.close(new Error('disk full'))
      await assert.rejects(reading, /disk full/)
      assert.equal((await sending).kind, 'failed')
      await ended()
    },
  },
]

/** `zfs send` that has filled its pipe and waits for a reader. */
async function blockedSend(world: World) {
  const {ctx, zfs, sh} = world
  await sh(
    'zfs create -p -o mountpoint=$DIR/a $ROOT/a; dd if=/dev/urandom of=$DIR/a/file bs=1M count=16 status=none; zfs snapshot $ROOT/a@1',
  )
  const {reader, writer} = createPipe()
  const stopper = new AbortController()
  const args = {to: await world.snapshot('a', '1'), from: undefined, flags: PLAIN, resumeToken: undefined}
  const sending = zfs
    .send({...ctx, signal: AbortSignal.any([ctx.signal, stopper.signal])}, args, anyTo(writer.stream))
    .finally(() => writer.close())
  sending.catch(() => undefined)
  await reader.read(312, ctx.signal)
  return {
    reader,
    sending,
    stop: (reason: Error) => stopper.abort(reason),
    /** Nobody sends this snapshot any more: the child is gone and was waited for. */
    async ended() {
      const left = await sh(`pgrep -f "zfs send.*${parseSnapshotName(nameOfSnapshot(args.to))}$" || true`)
      assert.equal(left, '')
    },
  }
}

async function drain(
  {ctx}: World,
  reader: {read(length: number, signal: AbortSignal): Promise<Uint8Array | undefined>},
): Promise<void> {
  for (;;) {
    try {
      if ((await reader.read(4096, ctx.signal)) === undefined) return
    } catch {
      // The last piece is shorter than what was asked for.
      return
    }
  }
}
