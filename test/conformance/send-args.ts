import {strict as assert} from 'node:assert'
import {OperationalError} from '../../src/lib/core/errors.ts'
import type {LocalSender, SendRequest} from '../../src/lib/endpoint/sender.ts'
import {snapshotName} from '../../src/lib/zfs/name.ts'
import {decodeResumeToken} from '../../src/lib/zfs/resume-token.ts'
import {anyFrom} from '../any-stream.ts'
import {encodeResumeToken} from '../unit/zfs/encode-resume-token.ts'
import type {Case} from './case.ts'
import {endpointsOf} from './jobs.ts'
import {createLimitedPipe} from './stream.ts'
import type {World} from './world.ts'

type Row = {
  readonly encrypted: boolean
  readonly send: string
  /** Whether the received dataset is encrypted; `undefined`: refused. */
  readonly receivedEncrypted: boolean | undefined
}

/** zrepl's matrix of filesystem × send.encrypted × send.raw. */
const ROWS: readonly Row[] = [
  {encrypted: false, send: '{encrypted: false, raw: false}', receivedEncrypted: false},
  {encrypted: false, send: '{encrypted: false, raw: true}', receivedEncrypted: false},
  {encrypted: false, send: '{encrypted: true, raw: false}', receivedEncrypted: undefined},
  {encrypted: false, send: '{encrypted: true, raw: true}', receivedEncrypted: undefined},
  {encrypted: true, send: '{encrypted: false, raw: false}', receivedEncrypted: false},
  {encrypted: true, send: '{encrypted: false, raw: true}', receivedEncrypted: undefined},
  {encrypted: true, send: '{encrypted: true, raw: false}', receivedEncrypted: true},
  {encrypted: true, send: '{encrypted: true, raw: true}', receivedEncrypted: true},
]

/** Of the 512 KiB that each snapshot has. */
const HALF = 300 * 1024

async function createBoth({sh}: World): Promise<void> {
  await sh(`zfs create -p $ROOT/src; zfs create -p $ROOT/dst
zfs create -p -o mountpoint=$DIR/plain $ROOT/src/plain
zfs create -p $SECRET -o mountpoint=$DIR/secret $ROOT/src/secret
for s in a b; do
  for f in plain secret; do dd if=/dev/urandom of=$DIR/$f/file bs=512K count=1 status=none; done
  zfs snapshot -r $ROOT/src@$s
done`)
}

function senderWith(world: World, send: string): LocalSender {
  return endpointsOf(world, {send}).sender
}

/** Sends what is asked into `target`, cut after `limit` bytes. Throws what the sender refuses with. */
async function send(
  world: World,
  sender: LocalSender,
  request: SendRequest,
  target: string,
  limit?: number,
): Promise<void> {
  const {ctx, zfs, fs} = world
  const run = await sender.prepareSend(ctx, [request])
  const {sink, source} = createLimitedPipe(limit)
  const [name] = target.split('@')
  const to = snapshotName(fs(name ?? ''), target.slice((name ?? '').length + 1))
  const receive = {to, replacesPlaceholder: false, inherit: [], override: new Map()}
  await Promise.allSettled([
    run(ctx, sink.stream).finally(() => sink.close()),
    zfs.receive(ctx, receive, anyFrom(source.stream)).finally(() => source.close()),
  ])
}

async function refused(work: Promise<unknown>, expected: RegExp): Promise<void> {
  await assert.rejects(work, (error) => {
    assert(error instanceof OperationalError, String(error))
    assert.equal(error.code, 'send-policy')
    assert.match(error.message, expected)
    return true
  })
}

export const SEND_ARGS: readonly Case[] = [
  {
    name: 'SendArgsValidationEE_EncryptionAndRaw',
    async run(world) {
      await createBoth(world)
      for (const [index, row] of ROWS.entries()) {
        const sender = senderWith(world, row.send)
        const path = row.encrypted ? 'src/secret' : 'src/plain'
        const filesystem = world.fs(path)
        const [a, b] = [await world.snapshot(path, 'a'), await world.snapshot(path, 'b')]
        const initial: SendRequest = {filesystem, from: undefined, to: a.guid, resumeToken: undefined}
        const increment: SendRequest = {
          filesystem,
          from: {kind: 'snapshot', guid: a.guid},
          to: b.guid,
          resumeToken: undefined,
        }
        for (const [request, name, from] of [
          [initial, 'a', undefined],
          [increment, 'b', a],
        ] as const) {
          const where = `row ${index + 1}, @${name}`
          if (row.receivedEncrypted === undefined) {
            const toguid = BigInt(request.to)
            const fromguid = from && BigInt(from.guid)
            await refused(send(world, sender, request, `dst/x@${name}`), /send\.(encrypted|raw) is set/)
            for (const raw of [false, true]) {
              const resumeToken = encodeResumeToken({toguid, fromguid, toname: `${filesystem}@${name}`, raw})
              await refused(
                send(world, sender, {...request, resumeToken}, `dst/x@${name}`),
                /send\.(encrypted|raw) is set/,
              )
            }
            continue
          }
          const target = `dst/row${index}`
          await send(world, sender, request, `${target}@${name}`, HALF)
          const {resumeToken = '', encrypted} = await world.dataset(target)
          assert.equal(encrypted, row.receivedEncrypted, where)
          const state = decodeResumeToken(resumeToken)
          assert(state.kind === 'resumable', where)
          assert.equal(state.raw, row.receivedEncrypted, where)
          await send(world, sender, {...request, resumeToken}, `${target}@${name}`)
          assert.equal((await world.snapshot(target, name)).guid, request.to, where)
        }
      }
    },
  },
  {
    name: 'SendArgsValidationEncryptedSendOfUnencryptedDatasetForbidden__EncryptionSupported_false',
    notHere: 'every OpenZFS this program supports has encryption',
  },
  {
    name: 'SendArgsValidationEncryptedSendOfUnencryptedDatasetForbidden__EncryptionSupported_true',
    async run(world) {
      await createBoth(world)
      const request = {
        filesystem: world.fs('src/plain'),
        from: undefined,
        to: (await world.snapshot('src/plain', 'a')).guid,
        resumeToken: undefined,
      }
      await refused(
        send(world, senderWith(world, '{encrypted: true}'), request, 'dst/x@a'),
        /is not encrypted/,
      )
    },
  },
  {
    name: 'SendArgsValidationResumeTokenDifferentFilesystemForbidden',
    async run(world) {
      await createBoth(world)
      const {sh, fs} = world
      await sh('zfs create -p $ROOT/other; zfs snapshot $ROOT/other@a')
      const [asked, other] = [await world.snapshot('src/plain', 'a'), await world.snapshot('other', 'a')]
      const request: SendRequest = {
        filesystem: fs('src/plain'),
        from: undefined,
        to: asked.guid,
        resumeToken: undefined,
      }
      const sender = senderWith(world, '{}')
      const forge = (toname: string, toguid: string) =>
        encodeResumeToken({toname, toguid: BigInt(toguid), object: 1n, offset: 0n, bytes: 1n})
      for (const token of [forge(`${fs('other')}@a`, asked.guid), forge(`${fs('other')}@a`, other.guid)])
        await refused(send(world, sender, {...request, resumeToken: token}, 'dst/x@a'), /it is of '.*other'/)
      const wrongGuid = forge(`${fs('src/plain')}@a`, other.guid)
      await refused(
        send(world, sender, {...request, resumeToken: wrongGuid}, 'dst/x@a'),
        /it is of a snapshot with guid/,
      )
      // Left to itself, ZFS does send what such a token says: the refusal is ours to make.
      assert.match(
        await sh(`zfs send -nvt '${forge(`${fs('other')}@a`, other.guid)}' 2>&1`),
        /toname = .*other@a/,
      )
      assert.deepEqual(
        (await world.zfs.list(world.ctx, {roots: [fs('dst/x')], recursive: false})).datasets,
        [],
      )
    },
  },
  {
    name: 'SendArgsValidationResumeTokenEncryptionMismatchForbidden',
    async run(world) {
      await createBoth(world)
      const a = await world.snapshot('src/secret', 'a')
      const request: SendRequest = {
        filesystem: world.fs('src/secret'),
        from: undefined,
        to: a.guid,
        resumeToken: undefined,
      }
      const tokenOf = async (policy: string, target: string) => {
        await send(world, senderWith(world, policy), request, `${target}@a`, HALF)
        return (await world.dataset(target)).resumeToken
      }
      const plain = await tokenOf('{encrypted: false}', 'dst/plain')
      const raw = await tokenOf('{encrypted: true}', 'dst/raw')
      await refused(
        send(world, senderWith(world, '{encrypted: true}'), {...request, resumeToken: plain}, 'dst/plain@a'),
        /not raw/,
      )
      await refused(
        send(world, senderWith(world, '{encrypted: false}'), {...request, resumeToken: raw}, 'dst/raw@a'),
        /raw stream/,
      )
    },
  },
]
