import {closeSync, constants, openSync, readFileSync} from 'node:fs'
import {afterEach, beforeEach, expect, test} from 'vitest'
import {createPipe} from '../../../src/lib/host/pipe.ts'
import {writeText} from '../../../src/lib/host/write-text.ts'
import {numberOf} from '../../any-stream.ts'
import {temporaryDirectory} from './helpers.ts'

let directory: ReturnType<typeof temporaryDirectory>
beforeEach(() => {
  directory = temporaryDirectory()
})
afterEach(() => directory[Symbol.dispose]())

test('all of a text is written', () => {
  const path = `${directory.path}/file`
  const fd = openSync(path, 'w')
  const text = 'ä'.repeat(200_000)
  expect(writeText(fd, text)).toBeUndefined()
  closeSync(fd)
  expect(readFileSync(path, 'utf8')).toBe(text)
})

test('a reader that has gone fails nobody', () => {
  const path = `${directory.path}/fifo`
  Bun.spawnSync(['mkfifo', path])
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  const fd = openSync(path, constants.O_WRONLY)
  closeSync(reader)
  expect(writeText(fd, 'nobody reads this')).toBeUndefined()
  closeSync(fd)
})

test('what is lost for another reason has an error', () => {
  const full = openSync('/dev/full', 'w')
  expect(writeText(full, 'there is no room for this')).toBe('ENOSPC')
  closeSync(full)
  const reader = openSync('/dev/null', 'r')
  expect(writeText(reader, 'this is not for writing')).toBe('EBADF')
  closeSync(reader)
})

test.skipIf(process.platform !== 'linux')(
  'a pipe that somebody else has made one that does not wait is waited for, and gets everything',
  async () => {
    const {reader, writer} = createPipe()
    const fd = openSync(`/proc/self/fd/${numberOf(writer.stream)}`, constants.O_WRONLY | constants.O_NONBLOCK)
    writer.close()
    const slow = Bun.spawn(['sh', '-c', 'sleep 1; wc -c'], {
      stdio: [numberOf(reader.stream), 'pipe', 'inherit'],
    })
    reader.close()
    const before = process.cpuUsage()
    writeText(fd, 'x'.repeat(5_000_000))
    const {user, system} = process.cpuUsage(before)
    closeSync(fd)
    expect(Number(await slow.stdout.text())).toBe(5_000_000)
    expect((user + system) / 1000).toBeLessThan(100)
  },
)
