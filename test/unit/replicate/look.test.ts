import {expect, test} from 'vitest'
import type {EndpointView} from '../../../src/lib/endpoint/view.ts'
import {createLook, type Seen} from '../../../src/lib/replicate/look.ts'
import {PUSH} from '../plan/views.ts'
import {createTestContext} from '../test-context.ts'

test('what a dry run pretends is also seen where some of it is listed again', async () => {
  const view: EndpointView = {
    jobId: PUSH,
    missing: [],
    clockMs: 0,
    maxStreams: 1,
    compressions: [],
    filesystems: [],
  }
  let looks = 0
  const look = createLook(createTestContext(), 'sender', {
    observe: async () => {
      looks += 1
      return view
    },
  })
  await look.see()
  look.pretend((seen) => ({...seen, maxStreams: seen.maxStreams + 1}))
  expect([maxStreamsIn(await look.see()), looks]).toEqual([2, 1])
  expect([maxStreamsIn(await look.confirm([])), looks]).toEqual([2, 2])
})

function maxStreamsIn(seen: Seen): number | undefined {
  return 'view' in seen ? seen.view.maxStreams : undefined
}
