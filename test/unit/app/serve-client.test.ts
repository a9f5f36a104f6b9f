import {writeSync} from 'node:fs'
import {join} from 'node:path'
import {expect, test} from 'vitest'
import {EXIT} from '../../../src/lib/core/exit-code.ts'
import {POLL} from '../../../src/lib/host/libc.ts'
import {createPipe} from '../../../src/lib/host/pipe.ts'
import {readiness} from '../../../src/lib/host/poll.ts'
import {numberOf} from '../../any-stream.ts'
import {temporaryDirectory} from '../host/helpers.ts'

const SERVE_CLIENT = join(import.meta.dirname, '../../../src/lib/app/serve-client.ts')
const SERVED = `serveClient({identity: 'x', config: process.argv[2], listener: undefined})`

test.each([
  ['it is not started as it should be', `refuseClient('so not')`, EXIT.usage],
  ['its configuration has mistakes', SERVED, EXIT.peer],
])(
  'a client that reads nothing of its stderr does not keep a server that has to say that %s',
  async (_, call, status) => {
    using directory = temporaryDirectory()
    await Bun.write(`${directory.path}/zrepl.yml`, 'jobs: 1')
    await Bun.write(
      `${directory.path}/server.ts`,
      `import {refuseClient, serveClient} from '${SERVE_CLIENT}'; process.exit(await ${call})`,
    )
    const {reader, writer} = createPipe()
    const fd = numberOf(writer.stream)
    while (readiness(fd, POLL.out) !== 0) writeSync(fd, new Uint8Array(4096))
    const server = Bun.spawn(
      [process.execPath, `${directory.path}/server.ts`, `${directory.path}/zrepl.yml`],
      {
        stdio: ['ignore', 'ignore', fd],
      },
    )
    expect(await server.exited).toBe(status)
    reader.close()
    writer.close()
  },
)
