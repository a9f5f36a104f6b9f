import {readFileSync} from 'node:fs'
import {join} from 'node:path'
import {afterEach, beforeEach, expect, test} from 'vitest'
import {Stopped} from '../../../src/lib/core/errors.ts'
import {createLibrary} from '../../../src/lib/host/library.ts'
import {parseSnapshotName} from '../../../src/lib/zfs/name.ts'
import type {LibraryCall} from '../../../src/lib/zfs-client/call-library.ts'
import {
  codeOf,
  failureOf,
  fastClock,
  linesOf,
  script,
  temporaryDirectory,
  testContext,
  untilGone,
} from './helpers.ts'

let directory: ReturnType<typeof temporaryDirectory>
beforeEach(() => {
  directory = temporaryDirectory()
})
afterEach(() => directory[Symbol.dispose]())

const CALL: LibraryCall = {
  operation: 'destroy-snapshots',
  pool: 'p',
  objects: [[parseSnapshotName('p/a@s'), '']],
  deadlineMs: 60_000,
}

const ANSWER = {errno: 0, errors: {}}

/** A shell script in the place of the child; it writes its number down first. */
function library(text: string, required = false) {
  const path = script(directory.path, 'child', `echo $$ >> ${pids()}\n${text}`)
  return createLibrary({required, command: {path, argv: []}, grace: {termMs: 300, killMs: 300}})
}

function pids(): string {
  return join(directory.path, 'pids')
}

function startedPids(): readonly string[] {
  return readFileSync(pids(), 'utf8').trim().split('\n')
}

/** Words of the script that say a message. */
function say(message: unknown): string {
  const body = JSON.stringify(message)
  const length = Buffer.alloc(4)
  length.writeUInt32LE(body.length)
  const octal = Array.from(length, (byte) => `\\${byte.toString(8).padStart(3, '0')}`).join('')
  return `printf '${octal}%s' '${body}'`
}

const READY = say({ready: true})
/** Waits until a request has begun to arrive, and takes exactly its bytes. */
const TAKE = `n=$(head -c 4 | od -An -tu4); head -c $n > /dev/null`
const STAY = 'exec sleep 1000'

test('one child answers all calls, and goes when it is closed', async () => {
  const ctx = testContext()
  const {call, close} = library(
    `${READY}; ${TAKE}; ${say(ANSWER)}; ${TAKE}; ${say({errno: 16, errors: {'p/a@s': 16}})}; cat`,
  )
  expect(await Promise.all([call(ctx, CALL), call(ctx, CALL)])).toEqual([
    ANSWER,
    {errno: 16, errors: {'p/a@s': 16}},
  ])
  await close(ctx)
  expect(startedPids()).toHaveLength(1)
  expect(await untilGone(startedPids())).toBe(true)
})

test('nothing is started before the first call', async () => {
  const ctx = testContext()
  const {close} = library(STAY)
  await close(ctx)
  expect(() => startedPids()).toThrow(/ENOENT/)
})

test.each([
  ['it says that there is none', say({ready: false, because: 'no such file'}), 'no such file'],
  ['it ends at once', 'exit 1', 'the process that calls it cannot be used'],
  ['it ends in a call', `${READY}; ${TAKE}`, 'the process that calls it has ended'],
])('%s: no answer, told once, and no second child', async (_, text, because) => {
  const ctx = testContext()
  const {call, close} = library(text)
  expect(await call(ctx, CALL)).toBeUndefined()
  expect(await call(ctx, CALL)).toBeUndefined()
  await close(ctx)
  expect(ctx.said.filter(({level}) => level === 'info')).toEqual([
    {
      level: 'info',
      message: 'libzfs_core cannot be used, the zfs command is used instead',
      fields: expect.objectContaining({subsystem: 'zfs.lib', because}),
    },
  ])
  expect(startedPids()).toHaveLength(1)
})

test('where it is required every call without it fails', async () => {
  const ctx = testContext()
  const {call, close} = library(say({ready: false, because: 'no such file'}), true)
  expect(await codeOf(call(ctx, CALL))).toBe('host')
  expect(await codeOf(call(ctx, CALL))).toBe('host')
  await close(ctx)
})

test('a pool it does not see is no answer, and others are asked on', async () => {
  const ctx = testContext()
  const {call, close} = library(`${READY}; ${TAKE}; ${say('unseen')}; ${TAKE}; ${say(ANSWER)}; cat`)
  expect(await call(ctx, CALL)).toBeUndefined()
  expect(await call(ctx, CALL)).toEqual(ANSWER)
  await close(ctx)
})

test('a call that hangs is ended by its deadline, with the child', async () => {
  const ctx = testContext(fastClock())
  const {call, close} = library(`${READY}; ${STAY}`)
  expect(await codeOf(call(ctx, {...CALL, deadlineMs: 5000}))).toBe('deadline')
  expect(await untilGone(startedPids())).toBe(true)
  expect(await call(ctx, CALL)).toBeUndefined()
  await close(ctx)
})

test('what stops the run stops the call, with the child', async () => {
  const ctx = testContext()
  const {call, close} = library(`${READY}; ${TAKE}; echo >> ${pids()}; ${STAY}`)
  const stopped = failureOf(call(ctx, CALL))
  await linesOf(pids(), 2)
  const reason = new Stopped('enough')
  ctx.stop(reason)
  expect(await stopped).toBe(reason)
  expect(await untilGone(startedPids())).toBe(true)
  await close(ctx)
})
