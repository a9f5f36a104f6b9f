import {describe, expect, test} from 'vitest'
import {formatTold, type Told} from '../../../src/lib/rpc/tell.ts'
import {parseTold} from '../../../src/lib/rpc/told.ts'

const log = (message: string, fields = {}): Told => ({told: 'log', level: 'warn', message, fields})
const overTheWire = (told: Told) => parseTold(JSON.parse(formatTold(told)))

test.each<Told>([
  {told: 'heartbeat'},
  log('request failed', {verb: 'send', retryable: true, count: 3, argv: ['zfs', 'list']}),
  {
    told: 'span',
    stack: 'Uv38$JVXJ.DxEM',
    annotation: 'zfs receive',
    startUs: 1.5e15,
    endUs: 1.5e15 + 1,
    fields: {exitCode: 0},
  },
])('$told arrives as it was told, on one line', (told) => {
  expect(formatTold(told)).toMatch(/^[^\n]+\n$/)
  expect(overTheWire(told)).toEqual(told)
})

test('what is long is cut, what JSON does not have is text or left out, and it still is in the schema', () => {
  const words = Array.from({length: 100}, (_, index) => `w${index}`)
  const told = overTheWire(
    log('m'.repeat(5000), {a: 'x'.repeat(5000), bytes: 2n ** 63n, none: undefined, words}),
  )
  expect(told).toEqual({
    told: 'log',
    level: 'warn',
    message: `${'m'.repeat(2047)}…`,
    fields: {
      a: `${'x'.repeat(2047)}…`,
      bytes: '9223372036854775808',
      words: [...words.slice(0, 63), 'and 37 more'],
    },
  })
})

test('a line that is too long as a whole loses its facts', () => {
  const fields = Object.fromEntries(Array.from({length: 30}, (_, index) => [`f${index}`, 'ä'.repeat(2000)]))
  const line = formatTold(log('much', fields))
  expect(line.length).toBeLessThan(200)
  expect(parseTold(JSON.parse(line))).toEqual(log('much', {cut: true}))
})

describe('of a peer that lies', () => {
  test('nothing reaches a terminal that it would obey', () => {
    expect(
      parseTold({told: 'log', level: 'info', message: 'a\x1b[2Jb', fields: {f: '\nforged', l: ['\x07']}}),
    ).toEqual({
      told: 'log',
      level: 'info',
      message: 'a\\x1b[2Jb',
      fields: {f: '\\x0aforged', l: ['\\x07']},
    })
  })

  test.each([
    {},
    {told: 'shell', command: 'rm'},
    {told: 'heartbeat', more: 1},
    {told: 'log', level: 'fatal', message: '', fields: {}},
    {told: 'log', level: 'info', message: 'x'.repeat(2049), fields: {}},
    {told: 'log', level: 'info', message: '', fields: {'__proto__ ': 1}},
    {told: 'log', level: 'info', message: '', fields: {nested: {a: 1}}},
    {
      told: 'log',
      level: 'info',
      message: '',
      fields: Object.fromEntries(Array.from({length: 41}, (_, i) => [`f${i}`, i])),
    },
    {told: 'span', stack: 'a\nb', annotation: 'x', startUs: 0, endUs: 1, fields: {}},
    {told: 'span', stack: 'a', annotation: '', startUs: 0, endUs: 1, fields: {}},
    {told: 'span', stack: 'a', annotation: 'x', startUs: -1, endUs: 1, fields: {}},
    {told: 'span', stack: 'a', annotation: 'x', startUs: 0, endUs: 1e300, fields: {}},
  ])('%j is not understood', (object) => {
    expect(parseTold(object)).toBeUndefined()
  })
})
