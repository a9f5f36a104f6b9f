import {expect, test} from 'vitest'
import {
  type AnnouncedState,
  announce,
  parseAnnouncedState,
} from '../../../src/lib/progress/announced-state.ts'
import {createBoard} from '../../../src/lib/progress/board.ts'
import {
  bytesMoved,
  entered,
  initialState,
  movedBetween,
  notBegun,
  type PlannedProgress,
  planned,
  progressed,
  type RunState,
  stepDone,
  stepFailed,
  streamBegan,
  streamEnded,
  type Transition,
  wentWrong,
} from '../../../src/lib/progress/run-state.ts'
import {parseDatasetName} from '../../../src/lib/zfs/name.ts'

const fs = parseDatasetName

const ONE_STEP: PlannedProgress = {steps: 1, expectedBytes: undefined, error: undefined}

const moved = (bytes: bigint, byCarrier: Readonly<Record<number, bigint>> = {}) => ({
  stream: bytes,
  any: bytes,
  byCarrier: new Map(Object.entries(byCarrier).map(([carrier, carried]) => [Number(carrier), carried])),
})

/** A board with a clock that is set by hand. */
function createTestBoard() {
  const clock = {nowMs: 0, monotonic: () => clock.nowMs}
  return {clock, board: createBoard(clock)}
}

function told(state: RunState): AnnouncedState {
  return announce(state, {self: {pid: 7}, nowMs: 0, wallMs: 0, uptimeMs: 0})
}

type Change = (transition: Transition) => void | Promise<void>

/** Two hundred filesystems at once, each changing other parts of the state, with something to wait for in between. */
async function changeAtOnce(change: Change): Promise<void> {
  await change(planned(new Map(Array.from({length: 200}, (_, index) => [fs(`tank/${index}`), ONE_STEP]))))
  const work = async (index: number) => {
    const filesystem = fs(`tank/${index}`)
    await change(streamBegan(filesystem, '@a -> @b', undefined))
    await Promise.resolve()
    await change(index % 4 === 0 ? stepFailed(filesystem, `no ${index}`) : stepDone(filesystem))
    await Promise.resolve()
    await change(streamEnded(filesystem))
  }
  await Promise.all(Array.from({length: 200}, (_, index) => work(index)))
}

const ALL_CHANGED = {
  steps: {planned: 200, done: 150},
  counts: {replicating: 0, failed: 50, waiting: 0, done: 150, 'up-to-date': 0},
}

test('concurrent changes do not lose each other, whatever waits in between', async () => {
  const {board} = createTestBoard()
  await changeAtOnce(board.change)
  expect(told(board.state())).toMatchObject(ALL_CHANGED)
  expect(board.state().streams.size).toBe(0)
})

test('they would if a copy was changed and written back', async () => {
  let state = initialState(0)
  await changeAtOnce(async (transition) => {
    const copy = {...state}
    await Promise.resolve()
    state = transition(copy, 0)
  })
  const {steps, counts} = told(state)
  expect(steps.done + counts.failed).toBeLessThan(200)
})

test('what goes well counts as progress, what fails does not', () => {
  const {board, clock} = createTestBoard()
  const at = (nowMs: number, transition: Parameters<typeof board.change>[0]) => {
    clock.nowMs = nowMs
    board.change(transition)
    const {progressAtMs, error} = board.state()
    return [progressAtMs, error]
  }
  expect(at(1, entered('replicate'))).toEqual([1, undefined])
  expect(at(2, planned(new Map([[fs('tank/a'), ONE_STEP]])))).toEqual([2, undefined])
  expect(at(3, streamBegan(fs('tank/a'), 'full @a', undefined))).toEqual([2, undefined])
  expect(at(4, bytesMoved(moved(64n * 1024n)))).toEqual([4, undefined])
  expect(at(5, bytesMoved(moved(64n * 1024n + 9000n)))).toEqual([4, undefined])
  expect(at(6, streamEnded(fs('tank/a')))).toEqual([4, undefined])
  expect(at(7, stepFailed(fs('tank/a'), 'broken'))).toEqual([4, 'broken'])
  expect(at(8, stepFailed(fs('tank/a'), 'again'))).toEqual([4, 'again'])
  expect(at(9, stepDone(fs('tank/a')))).toEqual([9, undefined])
  expect(at(10, progressed)).toEqual([10, undefined])
  expect(at(11, wentWrong('worse'))).toEqual([10, 'worse'])
  expect(at(12, streamBegan(fs('tank/b'), 'full @a', undefined))).toEqual([10, 'worse'])
})

test('each attempt may move what proves nothing, and so may what keeps connections alive', () => {
  const {board, clock} = createTestBoard()
  board.change(entered('replicate'))
  const atOnce = (nowMs: number, bytes: number, carriers = {}) => {
    clock.nowMs = nowMs
    board.change(bytesMoved(moved(BigInt(bytes), carriers)))
    return board.state().progressAtMs
  }
  const KIB = 1024
  for (const name of ['tank/a', 'tank/b', 'tank/c']) {
    board.change(streamBegan(fs(name), 'full @a', undefined))
    board.change(stepFailed(fs(name), 'broken'))
  }
  expect(atOnce(0, 3 * 64 * KIB - 1)).toBe(0)
  expect(board.state().error).toBe('broken')
  // Two connections, 128 bytes a second each.
  expect(atOnce(1000, 3 * 64 * KIB + 255, {1: 0n, 2: 0n})).toBe(0)
  expect(atOnce(1000, 3 * 64 * KIB + 256, {1: 0n, 2: 0n})).toBe(1000)
  expect(board.state().error).toBeUndefined()
  // From here on it is counted anew.
  expect(atOnce(1000, 4 * 64 * KIB + 255)).toBe(1000)
  expect(atOnce(1001, 4 * 64 * KIB + 256)).toBe(1001)
})

test('the rate is that of the last seconds', () => {
  const {board, clock} = createTestBoard()
  for (let second = 1; second <= 60; second += 1) {
    clock.nowMs = second * 1000
    board.change(bytesMoved(moved(BigInt(second) * 1_000_000n)))
  }
  expect(board.state().moved.bytesPerSecond).toBeCloseTo(1_000_000, -1)
  for (let second = 61; second <= 120; second += 1) {
    clock.nowMs = second * 1000
    board.change(bytesMoved(moved(60_000_000n)))
  }
  expect(board.state().moved.bytesPerSecond).toBeLessThan(1)
  expect(board.state().progressAtMs).toBe(60_000)
})

test('each filesystem goes from waiting to done or failed; where connections are not counted, the only stream has moved everything', () => {
  const {board} = createTestBoard()
  const [a, b, c, d] = [fs('tank/a'), fs('tank/b'), fs('tank/c'), fs('tank/d')] as const
  board.change(
    planned(
      new Map([
        [a, {...ONE_STEP, steps: 2, expectedBytes: 100n}],
        [b, {...ONE_STEP, expectedBytes: 50n}],
        [c, {...ONE_STEP, steps: 0, expectedBytes: 0n}],
        [d, {...ONE_STEP, steps: 0, expectedBytes: 0n, error: 'conflict: no common snapshot'}],
      ]),
    ),
  )
  const states = () =>
    told(board.state()).filesystems.map(({filesystem, state, movedBytes}) =>
      [filesystem, state, movedBytes].join(' '),
    )
  expect(states()).toEqual(['tank/d failed ', 'tank/a waiting 0', 'tank/b waiting 0', 'tank/c up-to-date '])

  board.change(streamBegan(a, '@x -> @y', undefined))
  board.change(bytesMoved(moved(40n)))
  expect(told(board.state())).toMatchObject({expectedBytes: '150', movedBytes: '40'})
  expect(states()[0]).toBe('tank/a replicating 40')
  board.change(streamEnded(a))
  board.change(stepDone(a))
  expect(states()[0]).toBe('tank/a replicating 40')

  board.change(streamBegan(a, '@y -> @z', undefined))
  board.change(streamBegan(b, 'full @z', undefined))
  board.change(bytesMoved(moved(90n)))
  expect(states().slice(0, 2)).toEqual(['tank/a replicating ', 'tank/b replicating '])
  board.change(streamEnded(a))
  board.change(stepDone(a))
  board.change(streamEnded(b))
  board.change(stepFailed(b, 'no space'))
  expect(states()).toEqual(['tank/b failed ', 'tank/d failed ', 'tank/a done ', 'tank/c up-to-date '])
  expect(told(board.state())).toMatchObject({
    expectedBytes: '100',
    error: 'no space',
    steps: {planned: 3, done: 2},
  })
})

test('of several streams each has moved what its connection has carried meanwhile', () => {
  const {board} = createTestBoard()
  const [a, b, c] = [fs('tank/a'), fs('tank/b'), fs('tank/c')] as const
  board.change(planned(new Map([a, b, c].map((name) => [name, ONE_STEP]))))
  const movedOf = () =>
    Object.fromEntries(
      told(board.state()).filesystems.map(({filesystem, movedBytes}) => [filesystem, movedBytes]),
    )
  // What was asked before came over the same connections.
  board.change(movedBetween(moved(5000n, {11: 5000n})))
  board.change(streamBegan(a, 'full @x', 11))
  board.change(streamBegan(b, 'full @x', 12))
  board.change(bytesMoved(moved(5107n, {11: 5100n, 12: 7n})))
  expect(movedOf()).toEqual({'tank/a': '100', 'tank/b': '7', 'tank/c': '0'})
  board.change(streamEnded(a))
  board.change(stepDone(a))
  board.change(streamBegan(c, 'full @x', 11))
  board.change(bytesMoved(moved(5167n, {11: 5140n, 12: 27n})))
  expect(movedOf()).toEqual({'tank/a': '100', 'tank/b': '27', 'tank/c': '40'})
  // A connection that is lost says nothing any more, and with two streams nothing is guessed.
  board.change(bytesMoved(moved(5200n, {12: 60n})))
  expect(movedOf()).toEqual({'tank/a': '100', 'tank/b': '60', 'tank/c': undefined})
})

test('what moves between streams is no progress', () => {
  const {board, clock} = createTestBoard()
  clock.nowMs = 1
  board.change(planned(new Map([[fs('tank/a'), ONE_STEP]])))
  clock.nowMs = 2
  board.change(movedBetween(moved(1_000_000n)))
  board.change(streamBegan(fs('tank/a'), 'full @x', undefined))
  board.change(bytesMoved(moved(1_000_000n)))
  expect(board.state().progressAtMs).toBe(1)
})

test('what is not begun because of something else is a failure of its filesystem, not of the run', () => {
  const {board} = createTestBoard()
  board.change(planned(new Map([[fs('tank/a'), ONE_STEP]])))
  board.change(notBegun(fs('tank/a'), 'its parent failed'))
  expect(told(board.state())).toMatchObject({
    counts: {failed: 1},
    filesystems: [{state: 'failed', error: 'its parent failed'}],
  })
  expect(board.state().error).toBeUndefined()
})

test('what is announced is understood, and does not grow without end', () => {
  const {board} = createTestBoard()
  const many = Array.from({length: 5000}, (_, index) => [fs(`tank/${index}`), ONE_STEP] as const)
  board.change(planned(new Map(many)))
  const state = told(board.state())
  expect(state.counts.waiting).toBe(5000)
  expect(state.filesystems).toHaveLength(200)
  expect(parseAnnouncedState(JSON.stringify(state))).toEqual(state)
  expect(
    parseAnnouncedState(JSON.stringify({...state, filesystems: [{filesystem: 'tank/a'}]})),
  ).toBeUndefined()
})
