import {existsSync, writeFileSync} from 'node:fs'
import {afterEach, beforeEach, expect, test} from 'vitest'
import {cancelProcess, cancelReason, forgetCancelReason} from '../../../src/lib/host/cancel-process.ts'
import {processStart} from '../../../src/lib/host/process-start.ts'
import {isRunning, temporaryDirectory} from './helpers.ts'

let directory: ReturnType<typeof temporaryDirectory>
beforeEach(() => {
  directory = temporaryDirectory()
})
afterEach(() => directory[Symbol.dispose]())

test('a process is stopped, and finds the reason until it is taken away', async () => {
  const child = Bun.spawn(['sleep', '600'])
  const withdraw = cancelProcess(directory.path, {pid: child.pid, started: processStart(child.pid)}, 'stuck')
  expect(cancelReason(directory.path, child.pid)).toBe('stuck')
  await child.exited
  expect(child.signalCode).toBe('SIGTERM')
  withdraw()
  expect(cancelReason(directory.path, child.pid)).toBeUndefined()
})

test('one that has got the number of another is left alone', async () => {
  const child = Bun.spawn(['sleep', '600'])
  const started = `${BigInt(processStart(child.pid) ?? 0) - 1n}`
  cancelProcess(directory.path, {pid: child.pid, started}, 'stuck')()
  // A signal would have been there before this one, whose effect is seen.
  child.kill('SIGINT')
  await child.exited
  expect(child.signalCode).toBe('SIGINT')
  expect(isRunning(child.pid)).toBe(false)
})

test('of one that is gone nothing is left', async () => {
  const child = Bun.spawn(['true'])
  const started = processStart(child.pid)
  await child.exited
  cancelProcess(directory.path, {pid: child.pid, started}, 'stuck')()
  expect(existsSync(`${directory.path}/${child.pid}.cancel`)).toBe(false)
})

test('a reason that was meant for somebody before us is forgotten', () => {
  writeFileSync(`${directory.path}/${process.pid}.cancel`, 'old')
  expect(cancelReason(directory.path)).toBe('old')
  forgetCancelReason(directory.path)
  expect(cancelReason(directory.path)).toBeUndefined()
})
