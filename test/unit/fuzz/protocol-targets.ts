import {OperationalError} from '../../../src/lib/core/errors.ts'
import type {ByteReader} from '../../../src/lib/core/stream.ts'
import {checkToken} from '../../../src/lib/endpoint/check-token.ts'
import {encodeFrame, readFrame} from '../../../src/lib/rpc/frame.ts'
import {greetAsClient, greetAsServer} from '../../../src/lib/rpc/prelude.ts'
import {formatRequest, parseRequest} from '../../../src/lib/rpc/request.ts'
import {formatResponse, parseResponse} from '../../../src/lib/rpc/response.ts'
import type {SendArgs} from '../../../src/lib/zfs/client.ts'
import {parseDatasetName, parseGuid} from '../../../src/lib/zfs/name.ts'
import {decodeResumeToken} from '../../../src/lib/zfs/resume-token.ts'
import {readStreamHeader} from '../../../src/lib/zfs/stream-header.ts'
import {encodeResumeToken} from '../zfs/encode-resume-token.ts'
import {encodeStreamHeader} from '../zfs/encode-stream-header.ts'
import {because, type Target} from './target.ts'

const NEVER = new AbortController().signal
const FRAME = Buffer.from(encodeFrame('request', {id: 1, verb: 'observe'})).toString('latin1')
const HANDSHAKE = '0000000062 ZREPL_ZFS_REPLICATION PROTOVERSION=0007 EXTENSIONS=0001\nlanes=1\n'
const banner = (word: string) => word.padEnd(31, '\0')
const TOKEN = encodeResumeToken({toguid: 7n, fromguid: 6n, toname: 'tank/a@b', raw: true})
const HEADER = encodeStreamHeader().toString('latin1')
const filesystem = parseDatasetName('tank/a')
const [from, to] = [parseGuid('6'), parseGuid('7')]
const REQUEST = JSON.stringify(
  formatRequest(1, {verb: 'destroy', requests: [{filesystem, snapshots: [{name: 'b', guid: to}]}]}),
)
const RESPONSE = JSON.stringify(
  formatResponse(1, {
    verb: 'outcomes',
    outcomes: [{kind: 'done'}, {kind: 'failed', failure: {kind: 'busy', message: 'dataset is busy'}}],
  }),
)

const ofThePeer = (error: Error) => error instanceof OperationalError && error.code.startsWith('peer-')

/** The peer's bytes, which end there. Text is latin1: a character is a byte. */
function readerOf(text: string): ByteReader {
  const bytes = Buffer.from(text, 'latin1')
  let at = 0
  return {
    async read(length) {
      if (at === bytes.length) return undefined
      if (at + length > bytes.length) throw new OperationalError('peer-unreachable', 'the connection was cut')
      at += length
      return bytes.subarray(at - length, at)
    },
    get stream(): never {
      throw new Error('nobody asks for it')
    },
  }
}

const NOBODY = {
  write: async () => {},
  get stream(): never {
    throw new Error('nobody asks for it')
  },
}

/** The token for the step of an encrypted filesystem from 6 to 7, which is to be sent raw. */
function checkStepToken(resumeToken: string): string {
  const args = {
    filesystem,
    from: {kind: 'snapshot', filesystem, name: 'a', guid: from},
    to: {kind: 'snapshot', filesystem, name: 'b', guid: to},
    resumeToken,
    flags: {raw: true},
  } as unknown as SendArgs
  checkToken(args, true)
  return 'sent'
}

/** What the other side of a connection may say. */
export const PROTOCOL_TARGETS: readonly Target[] = [
  {
    name: 'frame',
    samples: [FRAME],
    take: (text) => readFrame(readerOf(text), 'request', NEVER),
    throws: ofThePeer,
  },
  {
    name: 'greeting of a server',
    samples: [`${banner('SSHCON_HELO')}${HANDSHAKE}`],
    take: async (text) => {
      await greetAsClient(readerOf(text), NOBODY, NEVER)
      return 'greeted'
    },
    throws: ofThePeer,
  },
  {
    name: 'greeting of a client',
    samples: [`${banner('SSHCON_BEGIN')}${HANDSHAKE}`],
    take: async (text) => {
      await greetAsServer(readerOf(text), NOBODY, NEVER)
      return 'greeted'
    },
    throws: ofThePeer,
  },
  {
    name: 'request',
    samples: [REQUEST],
    take: (text) => parseRequest(jsonOf(text)),
    throws: ofThePeer,
  },
  {
    name: 'response',
    samples: [RESPONSE],
    take: (text) => parseResponse(jsonOf(text), 1),
    throws: ofThePeer,
  },
  {
    name: 'resume token',
    samples: [TOKEN, '-', '1-a-b-cc'],
    take: decodeResumeToken,
    throws: 'never',
    refusal: because('useless'),
  },
  {
    name: 'token of a step',
    samples: [TOKEN],
    take: checkStepToken,
    throws: (error) => error instanceof OperationalError && error.code === 'send-policy',
  },
  {
    name: 'stream header',
    samples: [HEADER],
    take: (text) => readStreamHeader(Buffer.from(text, 'latin1')),
    throws: 'never',
    refusal: because('rejected'),
  },
]

/** As frames have it: what is not JSON has already been refused there. */
function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
