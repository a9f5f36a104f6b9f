import {writeSync} from 'node:fs'
import {expect, test} from 'vitest'
import type {Inspect} from '../../../src/lib/core/stream.ts'
import {admit} from '../../../src/lib/host/inspect-incoming.ts'
import {POLL} from '../../../src/lib/host/libc.ts'
import {openPassage} from '../../../src/lib/host/pass-on.ts'
import {createPipe} from '../../../src/lib/host/pipe.ts'
import {readiness} from '../../../src/lib/host/poll.ts'
import {numberOf} from '../../any-stream.ts'
import {testContext} from './helpers.ts'

const SIZE = 64 * 1024
const inspect: Inspect = () => ({kind: 'admitted'})

/** Smaller than what our pipes hold anyway, since only root gets more: whether one more byte would have to wait. */
function isFullWith(fd: number, bytes: number): boolean {
  writeSync(fd, new Uint8Array(bytes))
  return readiness(fd, POLL.out) === 0
}

test.each([
  ['as much as is asked for', SIZE, true],
  ['what our pipes usually hold', undefined, false],
])('a stream that is sent waits in a pipe for %s', (_, bufferBytes, full) => {
  const {reader, writer} = createPipe()
  const {stream, close} = openPassage({sink: writer.stream, inspect, pace: undefined, bufferBytes})
  expect(isFullWith(numberOf(stream), SIZE)).toBe(full)
  close()
  reader.close()
  writer.close()
})

test.each([
  ['as much as is asked for', SIZE, true],
  ['what our pipes usually hold', undefined, false],
])('a stream that is received waits in a pipe for %s', async (_, bufferBytes, full) => {
  const {reader, writer} = createPipe()
  await admit(testContext(), {source: reader.stream, inspect, pace: undefined, bufferBytes})
  expect(isFullWith(numberOf(writer.stream), SIZE)).toBe(full)
  reader.close()
  writer.close()
})
