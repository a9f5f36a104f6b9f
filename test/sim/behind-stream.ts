import {encodeFrame, readFrame} from '../../src/lib/rpc/frame.ts'
import {greetAsClient} from '../../src/lib/rpc/prelude.ts'
import {formatRequest, type Request} from '../../src/lib/rpc/request.ts'
import {parseResponse} from '../../src/lib/rpc/response.ts'
import type {DatasetName, Guid} from '../../src/lib/zfs/name.ts'
import {createInvariants} from './invariants.ts'
import {createStage} from './stage.ts'
import {RECORD_BYTES} from './stream.ts'
import type {World} from './world.ts'

/**
 * A client whose stream is refused at its first record, and has a whole request in it, as the contents of any file on the
 * sender may have. What is wrong with how the server takes it: it has to say why, and to end the connection.
 */
export async function requestInsideStream(world: World): Promise<readonly string[]> {
  const stage = createStage(world, [], createInvariants(world), {dryRun: false})
  const {active} = stage
  const {reader, writer} = await stage.open()
  const {signal} = active.ctx
  await greetAsClient(reader, writer, signal)
  const request: Request = {
    verb: 'receive',
    requests: [
      {
        filesystem: 'tank/data' as DatasetName,
        type: 'filesystem',
        raw: false,
        from: undefined,
        to: {name: 'second', guid: '12345' as Guid},
        protection: 'guarantee_nothing',
        resuming: false,
        confirm: 'now',
      },
    ],
  }
  await writer.write(encodeFrame('request', formatRequest(1, request)), signal)
  const inside = encodeFrame('request', formatRequest(2, {verb: 'observe', confirm: undefined}))
  await writer.write(Buffer.concat([inside, Buffer.alloc(RECORD_BYTES)]), signal)
  const answer = parseResponse(await readFrame(reader, 'response', signal), 1)
  const another = await readFrame(reader, 'response', signal).catch((error: unknown) => error)
  active.kill()
  return [
    ...(answer.verb === 'error' ? [] : [`a stream that is none was answered with ${answer.verb}`]),
    ...(another === undefined
      ? []
      : [`a request inside of a stream was answered: ${JSON.stringify(another)}`]),
  ]
}
