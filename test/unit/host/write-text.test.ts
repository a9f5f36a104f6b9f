import {closeSync, constants, openSync} from 'node:fs'
import {expect, test} from 'vitest'
import {createPipe} from '../../../src/lib/host/pipe.ts'
import {writeText} from '../../../src/lib/host/write-text.ts'
import {numberOf} from '../../any-stream.ts'

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
