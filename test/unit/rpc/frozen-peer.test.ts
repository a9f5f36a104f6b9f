import {readFileSync} from 'node:fs'
import {afterAll, expect, test} from 'vitest'
import {openLaneProcess} from '../../../src/lib/host/lane-process.ts'
import {createLanes} from '../../../src/lib/rpc/lanes.ts'
import {createRemoteReceiver, createRemoteSender} from '../../../src/lib/rpc/remote.ts'
import {parseDatasetName} from '../../../src/lib/zfs/name.ts'
import {fastClock, script, temporaryDirectory, testContext, untilGone} from '../host/helpers.ts'

const directory = temporaryDirectory()
afterAll(() => directory[Symbol.dispose]())

const GREETING = `printf 'SSHCON_HELO\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0\\0'
printf '0000000064 ZREPL_ZFS_REPLICATION PROTOVERSION=0007 EXTENSIONS=0001\\nlanes=1\\n'`

test('a peer that is frozen in the middle of a request is given up, and its process ended', async () => {
  const path = script(
    directory.path,
    'peer',
    `echo $$ >${directory.path}/pid
${GREETING}
kill -STOP $$`,
  )
  const ctx = testContext(fastClock())
  const call = {peer: 'ssh root@backup:22', path, argv: [], environment: {}, dialTimeoutMs: 10_000}
  const lanes = createLanes(ctx, async (ctx) => openLaneProcess(ctx, call, {}), 1)
  await expect(createRemoteSender(lanes).observe(ctx)).rejects.toMatchObject({
    code: 'peer-unreachable',
    message: 'ssh root@backup:22: no sign of life for half a minute',
  })
  await lanes.close()
  expect(await untilGone([readFileSync(`${directory.path}/pid`, 'utf8').trim()])).toBe(true)
})

test('a shell that welcomes us and waits then, as we wait for it, is given up after the dial timeout', async () => {
  const path = script(
    directory.path,
    'shell',
    'echo Welcome to backup.example.org, have a nice day; exec cat',
  )
  const ctx = testContext(fastClock())
  const call = {
    peer: 'ssh root@backup:22',
    path,
    argv: [],
    environment: {},
    dialTimeoutMs: 10_000,
    ifSilent: 'look for the forced command',
  }
  const lanes = createLanes(ctx, async (ctx) => openLaneProcess(ctx, call, {}), 1)
  await expect(createRemoteSender(lanes).observe(ctx)).rejects.toMatchObject({
    code: 'peer-unreachable',
    message: 'ssh root@backup:22: no answer within 10 s',
    hint: 'look for the forced command',
    retryable: true,
  })
  await lanes.close()
})

test('an answer of 2 MiB is none where one outcome was asked for', async () => {
  const path = script(
    directory.path,
    'liar',
    `${GREETING}
printf 'ZRPL\\001\\002\\0\\0\\0\\040\\0\\0'
exec cat >/dev/null`,
  )
  const ctx = testContext(fastClock())
  const call = {peer: 'ssh root@backup:22', path, argv: [], environment: {}, dialTimeoutMs: 10_000}
  const lanes = createLanes(ctx, async (ctx) => openLaneProcess(ctx, call, {}), 1)
  await expect(
    createRemoteReceiver(lanes).abortPartial(ctx, [parseDatasetName('tank/a')]),
  ).rejects.toMatchObject({
    code: 'peer-protocol',
    message: 'the peer announced a response of 2097152 bytes; at most 1058816 are accepted',
  })
  await lanes.close()
})
