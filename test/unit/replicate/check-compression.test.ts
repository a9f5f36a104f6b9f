import {expect, test} from 'vitest'
import type {JobId} from '../../../src/lib/abstraction/job-id.ts'
import type {EndpointView} from '../../../src/lib/endpoint/view.ts'
import {checkCompression} from '../../../src/lib/replicate/check-compression.ts'

const view = (...compressions: EndpointView['compressions']): EndpointView => ({
  jobId: 'j' as JobId,
  missing: [],
  clockMs: 0,
  maxStreams: 1,
  compressions,
  filesystems: [],
})
const ZSTD = {type: 'zstd', level: 3} as const

test.each([
  ['sender', {sender: view(), receiver: view('zstd')}],
  ['receiver', {sender: view('zstd'), receiver: view()}],
] as const)('without zstd on the %s nothing is replicated', (side, views) => {
  expect(() => checkCompression(ZSTD, views)).toThrow(
    expect.objectContaining({
      code: 'host',
      message: `replication.compression: there is no zstd on the ${side}`,
      hint: 'install the package zstd there, or take replication.compression out of the job',
    }),
  )
})

test('nobody needs it who has not asked for it', () => {
  checkCompression(undefined, {sender: view(), receiver: view()})
  checkCompression(ZSTD, {sender: view('zstd'), receiver: view('zstd')})
})
