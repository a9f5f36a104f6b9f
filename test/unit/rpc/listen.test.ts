import {expect, test} from 'vitest'
import {createFarSpans} from '../../../src/lib/rpc/far-spans.ts'
import {createListener} from '../../../src/lib/rpc/listen.ts'
import type {LogLine} from '../../../src/lib/trace/log-line.ts'
import {createTestContext} from '../test-context.ts'

/** A listener, and how many signs of life it has seen and what it has logged. */
function listen() {
  const lines: LogLine[] = []
  let signs = 0
  const far = createFarSpans('ssh backup')
  const listener = createListener(createTestContext(lines).log, far, () => {
    signs += 1
  })
  const tell = (message: string, fields: object = {}) =>
    listener({told: 'log', level: 'info', message, fields})
  return {lines, tell, signs: () => signs}
}

const words = (count: number) =>
  Object.fromEntries(Array.from({length: count}, (_, index) => [`f${index}`, 'x'.repeat(2000)]))

test.each([
  ['short lines, ten thousand of them', {}, 10_000],
  // 25 fields of 2000 characters: 51,516 bytes each with what it costs to keep them.
  ['long lines, 8 MiB of them', words(25), 162],
])('of a peer that logs without end are shown: %s', (_, fields, shown) => {
  const {lines, tell, signs} = listen()
  for (let count = 0; count < 10_100; count += 1) tell('m', fields)
  const told = lines.filter(({fields: {subsystem}}) => subsystem === 'rpc')
  expect(told.filter(({message}) => message === 'm')).toHaveLength(shown)
  expect(told.slice(shown)).toMatchObject([
    {level: 'warn', message: 'the peer logs too much, the rest is not shown'},
  ])
  expect(signs()).toBe(10_100)
})
