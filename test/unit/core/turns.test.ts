import {expect, test} from 'vitest'
import {createTurns} from '../../../src/lib/core/turns.ts'
import {testContext} from '../host/helpers.ts'

test('turns are taken in the order of asking, and whoever waits does so in a span', async () => {
  const ctx = testContext()
  const turns = createTurns('lane')
  const order: string[] = []
  const first = Promise.withResolvers<void>()
  const work = (name: string, until = Promise.resolve()) =>
    turns.take(ctx, async () => {
      order.push(`${name} begins`)
      await until
      order.push(`${name} ends`)
      return name
    })
  const all = [work('a', first.promise), work('b'), work('c')]
  expect(ctx.spans).toEqual([])
  first.resolve()
  expect(await Promise.all(all)).toEqual(['a', 'b', 'c'])
  expect(order).toEqual(['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends'])
  expect(ctx.spans.map(({annotation}) => annotation)).toEqual(['wait-for-lane', 'wait-for-lane'])
  await work('d')
  expect(ctx.spans).toHaveLength(2)
})

test('a turn that fails is over, and is done like any other', async () => {
  const ctx = testContext()
  const turns = createTurns('lane')
  const failing = turns.take(ctx, () => Promise.reject(new Error('no')))
  const next = turns.take(ctx, async () => 'yes')
  await expect(failing).rejects.toThrow('no')
  expect(await next).toBe('yes')
  await turns.done()
})
