import {expect, test} from 'vitest'
import type {EndedSpan, Fields, Span} from '../../../src/lib/core/context.ts'
import {createFarSpans} from '../../../src/lib/rpc/far-spans.ts'
import {createLogs} from '../../../src/lib/trace/log.ts'
import {createRootSpan} from '../../../src/lib/trace/span.ts'
import {throwMisuse} from '../test-context.ts'

/** A request's span `a.b`, our clock, and a peer whose clock is an hour ahead. */
function stage({keeps = true} = {}) {
  let nowMs = 1000
  const kept: EndedSpan[] = []
  const clock = {now: () => nowMs, monotonic: () => nowMs, sleep: async () => {}}
  const ids = Array.from('abcdefgh').values()
  const root = createRootSpan(
    {
      clock,
      log: createLogs(clock, 'error', () => {}),
      newId: () => ids.next().value ?? '',
      keeper: keeps ? {begin: () => {}, end: (span) => kept.push(span)} : undefined,
      onMisuse: throwMisuse,
    },
    'run',
  )
  const far = createFarSpans('ssh backup')
  const tell = (stack: string, startMs: number, endMs: number, fields: Fields = {}) =>
    far.told({
      stack,
      annotation: stack,
      startUs: HOUR + startMs * 1000,
      endUs: HOUR + endMs * 1000,
      fields,
    })
  function at(ms: number): void {
    nowMs = ms
  }
  return {far, tell, kept, request: (): Span => root.child('request'), at}
}

const HOUR = 3_600_000_000
const times = (kept: readonly EndedSpan[]) =>
  kept.map(({stack, startUs, endUs}) => [stack, startUs / 1000, endUs / 1000])

test('the peer’s spans get our time by the four times of their request, and its name', () => {
  const {far, tell, kept, request, at} = stage()
  far.asked(request())
  tell('a.b.x.y', 1015, 1020)
  tell('a.b.x', 1010, 1030)
  expect(kept).toEqual([])
  at(1040)
  far.answered()
  expect(times(kept)).toEqual([
    ['a.b.x', 1010, 1030],
    ['a.b.x.y', 1015, 1020],
  ])
  expect(kept.every(({host}) => host === 'ssh backup')).toBe(true)
})

test('spans that come after the answer are not lost', () => {
  const {far, tell, kept, request, at} = stage()
  far.asked(request())
  at(1040)
  far.answered()
  tell('a.b.x', 1010, 1030)
  expect(times(kept)).toEqual([['a.b.x', 1010, 1030]])
})

test('of several requests that are believed which was under way shortest, as far as the others allow', () => {
  const {far, tell, kept, request, at} = stage()
  const first = request()
  far.asked(first)
  tell('a.b.x', 1001, 1002)
  at(1003)
  far.answered()
  first.end()
  at(2000)
  // The answer is late by 80 ms: on its own it would say that the peer's clock is 40 ms behind what it is.
  far.asked(request())
  tell('a.c.x', 2010, 2020)
  at(2110)
  far.answered()
  expect(times(kept.filter(({stack}) => stack.endsWith('.x')))).toEqual([
    ['a.b.x', 1001, 1002],
    ['a.c.x', 2010, 2020],
  ])
})

test('a request that is broken off has what was told of it', () => {
  const {far, tell, kept, request, at} = stage()
  far.asked(request())
  tell('a.b.x.y', 1015, 1020)
  at(1040)
  far.end()
  expect(times(kept)).toEqual([['a.b.x.y', 1000, 1005]])
})

test('a peer that lies can put nothing elsewhere, and nothing outside of its request', () => {
  const {far, tell, kept, request, at} = stage()
  far.asked(request())
  for (const stack of ['a', 'a.b', 'a.bb.c', 'z.b.c']) tell(stack, 1010, 1020)
  for (let count = 0; count < 20_010; count += 1) tell(`a.b.x.y${count}`, 0, 1e9)
  tell('a.b.x', 0, 1e9)
  at(1040)
  far.answered()
  far.end()
  expect(kept).toHaveLength(20_000)
  expect(kept.every(({startUs, endUs}) => startUs >= 1_000_000 && endUs <= 1_040_000)).toBe(true)
  expect(kept.every(({stack}) => stack.startsWith('a.b.x'))).toBe(true)
})

test('what is told where nobody keeps spans is not looked at', () => {
  const {far, request, at} = stage({keeps: false})
  const span = request()
  const adopted: EndedSpan[] = []
  far.asked({...span, adopt: (one) => adopted.push(one)})
  const unread = {
    stack: 'a.b.x',
    annotation: 'x',
    startUs: 0,
    endUs: 1,
    get fields(): Fields {
      throw new Error('looked at')
    },
  }
  far.told(unread)
  at(1040)
  far.answered()
  far.end()
  expect(adopted).toEqual([])
})

test('of one request no more than 16 MiB are kept, and of a lane no more than 64', () => {
  const {far, tell, kept, request, at} = stage()
  const mebibyte = {words: 'x'.repeat(1024 * 1024 - 1000)}
  const counts: number[] = []
  for (let round = 0; round < 5; round += 1) {
    const span = request()
    far.asked(span)
    for (let count = 0; count < 20; count += 1) tell(`${span.stack}.x.y`, 1010, 1020, mebibyte)
    tell(`${span.stack}.x`, 1000, 1030)
    at(1040)
    far.answered()
    counts.push(kept.length)
    span.end()
    kept.length = 0
  }
  // Besides, there is room for the span of the request itself, which makes it complete.
  expect(counts).toEqual([17, 17, 17, 17, 1])
})
