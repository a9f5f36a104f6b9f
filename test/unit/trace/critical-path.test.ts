import {describe, expect, test} from 'vitest'
import {criticalPath, waitsByName} from '../../../src/lib/trace/critical-path.ts'
import type {TraceNode} from '../../../src/lib/trace/trace-node.ts'

function span(name: string, startUs: number, endUs: number, ...children: TraceNode[]): TraceNode {
  return {name, startUs, durationUs: endUs - startUs, args: {}, children}
}

const told = (root: TraceNode) =>
  Array.from(criticalPath(root), ([{name}, waitedUs]) => `${name} ${waitedUs}`).toSorted()

describe('what a run waited for', () => {
  test.each<[string, TraceNode, string[]]>([
    ['itself, where nothing is inside', span('run', 5, 25), ['run 20']],
    [
      'one after the other, and itself between them',
      span('run', 0, 100, span('a', 10, 40), span('b', 50, 90)),
      ['a 30', 'b 40', 'run 30'],
    ],
    [
      'of what overlaps, the one that ended last, and before it began the other',
      span('run', 0, 100, span('short', 0, 60), span('long', 20, 100)),
      ['long 80', 'run 0', 'short 20'],
    ],
    [
      'not what ran beside something longer',
      span('run', 0, 100, span('beside', 10, 90), span('long', 0, 100)),
      ['long 100', 'run 0'],
    ],
    [
      'what is inside, only as far as the run waited for it',
      span('run', 0, 100, span('first', 0, 60, span('x', 0, 15), span('y', 15, 60)), span('second', 20, 100)),
      ['first 0', 'run 0', 'second 80', 'x 15', 'y 5'],
    ],
    [
      'not a connection, which lasts beside the work, but what was done on it',
      span('job', 0, 100, span('replicate', 10, 80, span('request', 20, 80)), span('lane', 15, 100)),
      ['job 30', 'replicate 10', 'request 60'],
    ],
    ['nothing that took no time', span('run', 0, 10, span('mark', 5, 5)), ['mark 0', 'run 10']],
  ])('%s', (_, root, expected) => {
    expect(told(root)).toEqual(expected)
  })

  test('adds up to the duration of the run, whatever lies in it', () => {
    let state = 1
    const random = (below: number) => {
      state = (state * 48_271) % 2_147_483_647
      return state % below
    }
    const grow = (startUs: number, endUs: number, depth: number): TraceNode => {
      const children = Array.from({length: depth === 0 ? 0 : random(5)}, () => {
        const at = startUs + random(endUs - startUs + 1)
        return grow(at, at + random(endUs - at + 1), depth - 1)
      })
      return span(`s${random(9)}`, startUs, endUs, ...children)
    }
    for (let round = 0; round < 200; round += 1) {
      const root = grow(0, 1000, 4)
      const waits = waitsByName(criticalPath(root)).map(([, waitedUs]) => waitedUs)
      expect(waits.reduce((sum, us) => sum + us, 0)).toBe(1000)
      expect(waits).toEqual(waits.toSorted((a, b) => b - a))
    }
  })
})
