import {expect, test} from 'vitest'
import {requestInsideStream} from './behind-stream.ts'
import {createWorld} from './world.ts'

test('what follows in a stream that was refused is not taken for requests', async () => {
  expect(await requestInsideStream(createWorld())).toEqual([])
})
