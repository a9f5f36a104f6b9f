import {expect, test} from 'vitest'
import type {JobId} from '../../../src/lib/abstraction/job-id.ts'
import {OperationalError} from '../../../src/lib/core/errors.ts'
import {MAX_STREAMS} from '../../../src/lib/endpoint/view.ts'
import {latestVersion} from '../../../src/lib/replicate/latest-version.ts'
import {formatRequest, parseRequest, type Request} from '../../../src/lib/rpc/request.ts'
import {formatResponse, parseResponse, type Response} from '../../../src/lib/rpc/response.ts'
import type {Createtxg} from '../../../src/lib/zfs/name.ts'
import {parseDatasetName, parseGuid, parseHoldTag} from '../../../src/lib/zfs/name.ts'

const filesystem = parseDatasetName('tank/a b')
const guid = parseGuid('18446744073709551615')
const overTheWire = (body: object): unknown => JSON.parse(JSON.stringify(body))

const requests: readonly Request[] = [
  {verb: 'observe', confirm: undefined},
  {verb: 'observe', confirm: [filesystem]},
  {verb: 'estimate', requests: [{filesystem, from: undefined, to: guid, resumeToken: undefined}]},
  {verb: 'estimate-destroy', requests: [{filesystem, snapshots: [{name: 'a', guid}]}]},
  {
    verb: 'protect',
    requests: [
      {filesystem, from: {kind: 'bookmark', guid}, to: [guid, guid], protection: 'guarantee_resumability'},
    ],
  },
  {verb: 'complete', requests: [{filesystem, to: guid, protection: 'guarantee_nothing'}]},
  {verb: 'send', requests: [{filesystem, from: {kind: 'snapshot', guid}, to: guid, resumeToken: '1-a-b-cc'}]},
  {
    verb: 'send',
    requests: [{filesystem, from: undefined, to: guid, resumeToken: undefined}],
    compression: {type: 'zstd', level: 19},
  },
  {verb: 'settle'},
  {verb: 'set-aside', requests: [{filesystem, newest: guid}]},
  {verb: 'abort-partial', filesystems: [filesystem]},
  {verb: 'hold-last-received', requests: [{filesystem, to: guid}]},
  {
    verb: 'receive',
    requests: [
      {
        filesystem,
        type: 'volume',
        raw: true,
        from: undefined,
        to: {name: 'a', guid},
        protection: 'guarantee_incremental',
        resuming: false,
        confirm: 'now',
      },
    ],
    compression: {type: 'zstd', level: 3},
  },
  {verb: 'destroy', requests: [{filesystem, snapshots: [{name: '-d', guid}]}]},
]

test.each(requests.map((request) => [request.verb, request] as const))(
  'a %s request survives the wire',
  (_, request) => {
    expect(parseRequest(overTheWire(formatRequest(7, request)))).toEqual({id: 7, request, cause: undefined})
  },
)

const responses: readonly Response[] = [
  {
    verb: 'observed',
    view: {
      jobId: 'backups' as JobId,
      clockMs: 1_600_000_000_000,
      maxStreams: 100,
      compressions: ['zstd'],
      missing: [filesystem],
      absent: [filesystem],
      filesystems: [
        {
          filesystem,
          type: 'filesystem',
          placeholder: false,
          encrypted: true,
          sending: {kind: 'allowed', raw: true},
          resumeToken: undefined,
          written: 18446744073709551615n,
          versions: [
            {
              kind: 'bookmark',
              filesystem,
              name: 'b',
              guid,
              createtxg: 9007199254740993n as Createtxg,
              creation: 1,
            },
            {
              kind: 'snapshot',
              filesystem,
              name: 's',
              guid,
              createtxg: 9007199254740993n as Createtxg,
              creation: 1,
              userrefs: 2,
            },
          ],
          holds: new Map([['s', [parseHoldTag('zrepl_STEP_J_x'), parseHoldTag('mine')]]]),
        },
      ],
    },
  },
  {
    verb: 'estimated',
    estimates: [
      {bytes: undefined, refusal: 'not encrypted'},
      {bytes: 18446744073709551616n, refusal: undefined},
    ],
  },
  {verb: 'outcomes', outcomes: [{kind: 'done'}, {kind: 'failed', failure: {kind: 'held', message: 'held'}}]},
  {verb: 'sending'},
  {verb: 'sent'},
  {verb: 'received', arrived: 2, warnings: ['mount']},
  {verb: 'destroyed', replies: [{filesystem, outcomes: [{kind: 'done'}]}]},
]

test.each(responses.map((response) => [response.verb, response] as const))(
  'a response %s survives the wire',
  (_, response) => {
    expect(parseResponse(overTheWire(formatResponse(3, response)), 3)).toEqual(response)
  },
)

test('an error keeps its code, words, hint and whether to try again', () => {
  const error = new OperationalError('placeholder', 'cannot', {hint: 'do', retryable: true})
  const parsed = parseResponse(overTheWire(formatResponse(3, {verb: 'error', error})), 3)
  expect(parsed).toMatchObject({
    verb: 'error',
    error: {code: 'placeholder', message: 'peer: cannot', hint: 'do', retryable: true},
  })
})

test('an answer says how many streams have arrived, and why the next has not', () => {
  const failure = new OperationalError('receive-failed', 'out of space', {retryable: true})
  const answer = {verb: 'received', arrived: 2, warnings: [], failure} as const
  expect(parseResponse(overTheWire(formatResponse(3, answer)), 3)).toMatchObject({
    arrived: 2,
    failure: {code: 'receive-failed', message: 'peer: out of space', retryable: true},
  })
})

test.each(['send', 'receive'] as const)(
  'a %s request has at most as many streams as a side ever offers',
  (verb) => {
    const ask = (count: number) => {
      const request = requests.find((request) => request.verb === verb)
      if (request === undefined || !('requests' in request)) throw new Error(`no ${verb} request`)
      const [one] = request.requests
      return {id: 1, verb, requests: Array.from({length: count}, () => one)}
    }
    expect(parseRequest(overTheWire(ask(MAX_STREAMS))).request).toMatchObject({verb})
    for (const count of [0, MAX_STREAMS + 1])
      expect(() => parseRequest(overTheWire(ask(count)))).toThrow(
        `the peer sent a malformed request: /requests`,
      )
  },
)

const base = {id: 1, verb: 'destroy', requests: [{filesystem: 'tank/a', snapshots: [{name: 's', guid: '1'}]}]}
const withGuid = (value: unknown) => ({
  ...base,
  requests: [{filesystem: 'tank/a', snapshots: [{name: 's', guid: value}]}],
})
const withName = (name: unknown) => ({
  ...base,
  requests: [{filesystem: 'tank/a', snapshots: [{name, guid: '1'}]}],
})
const withFilesystem = (filesystem: unknown) => ({...base, requests: [{filesystem, snapshots: []}]})

test.each([
  ['a guid as a number', withGuid(1)],
  ['guid 0', withGuid('0')],
  ['a guid with leading zeros', withGuid('01')],
  ['a guid in hexadecimal', withGuid('0x1')],
  ['a guid of 2^64', withGuid('18446744073709551616')],
  ['a negative guid', withGuid('-1')],
  ['a range of snapshots', withName('a%b')],
  ['a list of snapshots', withName('a,b')],
  ['an empty snapshot name', withName('')],
  ['a snapshot name with @', withName('a@b')],
  ['a path with ..', withFilesystem('tank/../other')],
  ['an absolute path', withFilesystem('/tank')],
  ['an option for a path', withFilesystem('-tank/a')],
  ['a snapshot for a path', withFilesystem('tank/a@b')],
  ['an unknown verb', {id: 1, verb: 'rollback'}],
  ['an unknown key', {id: 1, verb: 'observe', force: true}],
  ['a polluted prototype', JSON.parse('{"id":1,"verb":"observe","__proto__":{"x":1}}')],
  ['no id', {verb: 'observe'}],
  ['id 0', {id: 0, verb: 'observe'}],
  [
    'a bookmark among the snapshots to destroy',
    {...base, requests: [{filesystem: 'tank/a', snapshots: [{name: 's', guid: '1', type: 'bookmark'}]}]},
  ],
  [
    'a token that is none',
    {id: 1, verb: 'send', requests: [{filesystem: 'tank/a', to: '1', resumeToken: '1-$(id)'}]},
  ],
  ['text', 'observe'],
  ['null', null],
  ['a list', []],
])('a request with %s is refused as the peer’s mistake', (_, body) => {
  expect(() => parseRequest(body)).toThrow(expect.objectContaining({code: 'peer-protocol'}))
})

const observed = ({creation = 1, userrefs = 0, clockMs = 0}) => ({
  id: 1,
  verb: 'observed',
  jobId: 'j',
  clockMs,
  maxStreams: 100,
  missing: [],
  filesystems: [
    {
      filesystem: 'tank/a',
      type: 'filesystem',
      placeholder: false,
      encrypted: false,
      versions: [['s', 'x', '1', '1', creation, userrefs, '']],
      holds: [],
    },
  ],
})

/** Farther from 1970 than this, in seconds and in milliseconds, there are no dates. */
const LAST_SECOND = 8_640_000_000_000
const LAST_MS = 8_640_000_000_000_000

test.each([
  ['the last second there is', {creation: LAST_SECOND}],
  ['the first', {creation: -LAST_SECOND}],
])('a snapshot of %s is one, and has a date', (_, {creation}) => {
  const response = parseResponse(observed({creation}), 1)
  const version = response.verb === 'observed' ? response.view.filesystems[0]?.versions[0] : undefined
  expect(version?.creation).toBe(creation)
  expect(latestVersion(version)).toMatchObject({latest: {createdAt: new Date(creation * 1000).toISOString()}})
})

test.each([
  ['a snapshot that is taken after the end of all dates', observed({creation: LAST_SECOND + 1})],
  ['one that is taken before their beginning', observed({creation: -LAST_SECOND - 1})],
  ['a number of seconds that no integer holds', observed({creation: 1e300})],
  ['a date between two seconds', observed({creation: 0.5})],
  ['a clock behind all dates', observed({clockMs: LAST_MS + 1})],
  ['a clock before all dates', observed({clockMs: -LAST_MS - 1})],
  ['more holds than any pool has', observed({userrefs: 1e9})],
  ['an answer to another request', {id: 2, verb: 'sent'}],
  ['an unknown answer', {id: 1, verb: 'maybe'}],
  [
    'a version whose createtxg is 0',
    {
      id: 1,
      verb: 'observed',
      jobId: 'j',
      clockMs: 1_600_000_000_000,
      maxStreams: 100,
      compressions: ['zstd'],
      missing: [],
      filesystems: [
        {
          filesystem: 'tank/a',
          type: 'filesystem',
          placeholder: false,
          encrypted: false,
          versions: [['s', 'x', '1', '0', 1, 0]],
          holds: [],
        },
      ],
    },
  ],
  [
    'fewer facts of a version',
    {
      id: 1,
      verb: 'observed',
      jobId: 'j',
      clockMs: 1_600_000_000_000,
      maxStreams: 100,
      compressions: ['zstd'],
      missing: [],
      filesystems: [
        {
          filesystem: 'tank/a',
          type: 'filesystem',
          placeholder: false,
          encrypted: false,
          versions: [['s', 'x', '1']],
          holds: [],
        },
      ],
    },
  ],
])('%s is refused', (_, body) => {
  expect(() => parseResponse(body, 1)).toThrow(expect.objectContaining({code: 'peer-protocol'}))
})
