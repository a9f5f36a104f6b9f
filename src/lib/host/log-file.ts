import {closeSync, constants, openSync, writeSync} from 'node:fs'
import type {HearsOfLoss, LogSink} from '../core/log-sink.ts'
import {quoted} from '../core/printable.ts'
import {createLostLines} from './lost-lines.ts'

/**
 * A file that lines are added to, each by one call, so that several runs can have the same. It is made for its owner and group;
 * a symbolic link in its place is not followed.
 */
export function createLogFile(path: string, tell: HearsOfLoss): LogSink {
  const lost = createLostLines(tell)
  let fd: number | undefined
  return {
    write(text) {
      try {
        fd ??= openSync(path, FLAGS, 0o640)
        const line = Buffer.from(`${text}\n`)
        if (writeSync(fd, line) < line.length) throw Object.assign(new Error(), {code: 'ENOSPC'})
        lost.ended()
      } catch (error) {
        const {code} = error as NodeJS.ErrnoException
        lost.began(`cannot write to ${quoted(path)}: ${code}`)
        lost.count()
      }
    },
    async close() {
      lost.ended()
      if (fd !== undefined) closeSync(fd)
      fd = undefined
    },
  }
}

/** `O_NONBLOCK`: a named pipe that nobody reads holds nobody up. */
const FLAGS =
  constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW | constants.O_NONBLOCK
