import {afterEach, beforeEach, describe, expect, test} from 'vitest'
import {Stopped} from '../../../src/lib/core/errors.ts'
import {watchHangUp} from '../../../src/lib/host/hang-up.ts'
import {createPipe} from '../../../src/lib/host/pipe.ts'
import {isHungUp} from '../../../src/lib/host/poll.ts'
import {numberOf} from '../../any-stream.ts'
import {linesOf, script, temporaryDirectory, untilGone} from './helpers.ts'

let directory: ReturnType<typeof temporaryDirectory>
beforeEach(() => {
  directory = temporaryDirectory()
})
afterEach(() => directory[Symbol.dispose]())

describe('watching', () => {
  test('a reader that goes is noticed, with a reason', async () => {
    const {reader, writer} = createPipe()
    const watch = watchHangUp(numberOf(writer.stream), 5)
    expect(isHungUp(numberOf(writer.stream))).toBe(false)
    const gone = Promise.withResolvers<void>()
    watch.signal.addEventListener('abort', () => gone.resolve())
    reader.close()
    await gone.promise
    expect(watch.signal.reason).toBeInstanceOf(Stopped)
    expect(watch.signal.reason).toMatchObject({message: 'the client has hung up'})
    writer.close()
  })

  test('a reader that is slow is not gone', async () => {
    const {reader, writer} = createPipe()
    const full = writer.write(new Uint8Array(4_000_000), new AbortController().signal).catch(() => {})
    const watch = watchHangUp(numberOf(writer.stream), 1)
    for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setTimeout(resolve, 1))
    expect(watch.signal.aborted).toBe(false)
    watch.stop()
    reader.close()
    writer.close(new Error('enough'))
    await full
  })

  test('after stop nothing happens any more', async () => {
    const {reader, writer} = createPipe()
    const watch = watchHangUp(numberOf(writer.stream), 1)
    watch.stop()
    reader.close()
    for (let turn = 0; turn < 10; turn += 1) await new Promise((resolve) => setTimeout(resolve, 1))
    expect(watch.signal.aborted).toBe(false)
    writer.close()
  })
})

test('a server whose client is killed ends the idle program it has started', async () => {
  const host = `${import.meta.dirname}/../../../src/lib/host`
  const path = script(directory.path, 'zfs', 'echo $$ > "$0.pid"; sleep 60')
  await Bun.write(
    `${directory.path}/server.ts`,
    `
    import {createRunProgram} from '${host}/run-program.ts'
    import {watchHangUp} from '${host}/hang-up.ts'
    import {testContext} from '${import.meta.dirname}/helpers.ts'
    const run = createRunProgram({resolve: () => '${path}'})
    const call = {program: 'zfs', argv: [], mutates: false, stdin: 'none', stdout: 'text', deadlineMs: undefined}
    await run({...testContext(), signal: watchHangUp(1).signal}, call).catch(() => {})
    `,
  )
  const client = `(exec ${process.execPath} ${directory.path}/server.ts) | sleep 60`
  const shell = Bun.spawn(['/bin/sh', '-c', `${client} & echo $! > ${directory.path}/client.pid; wait`], {
    detached: true,
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const pids = await linesOf(`${path}.pid`, 1)
  const [reader = ''] = await linesOf(`${directory.path}/client.pid`, 1)
  process.kill(Number(reader), 'SIGKILL')
  expect(await untilGone(pids)).toBe(true)
  await shell.exited
})
