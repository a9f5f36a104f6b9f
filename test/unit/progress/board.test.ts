import {expect, test} from 'vitest'
import {createBoard} from '../../../src/lib/progress/board.ts'
import {
  bytesMoved,
  entered,
  initialState,
  planned,
  progressed,
  stepDone,
  stepFailed,
  streamBegan,
  streamEnded,
  type Transition,
  wentWrong,
} from '../../../src/lib/progress/run-state.ts'
import {parseDatasetName} from '../../../src/lib/zfs/name.ts'

const fs = parseDatasetName

const moved = (bytes: bigint) => ({stream: bytes, any: bytes})

/** A board with a clock that is set by hand. */
function createTestBoard() {
  const clock = {nowMs: 0, monotonic: () => clock.nowMs}
  return {clock, board: createBoard(clock)}
}

type Change = (transition: Transition) => void | Promise<void>

/** Two hundred filesystems at once, each changing other parts of the state, with something to wait for in between. */
async function changeAtOnce(change: Change): Promise<void> {
  await change(planned(200, undefined))
  const work = async (index: number) => {
    const filesystem = fs(`tank/${index}`)
    await change(streamBegan(filesystem, '@a -> @b'))
    await Promise.resolve()
    await change(index % 4 === 0 ? stepFailed(`no ${index}`) : stepDone)
    await Promise.resolve()
    await change(streamEnded(filesystem))
  }
  await Promise.all(Array.from({length: 200}, (_, index) => work(index)))
}

const ALL_CHANGED = {steps: {planned: 200, done: 150, failed: 50}, streams: new Map()}

test('concurrent changes do not lose each other, whatever waits in between', async () => {
  const {board} = createTestBoard()
  await changeAtOnce(board.change)
  expect(board.state()).toMatchObject(ALL_CHANGED)
})

test('they would if a copy was changed and written back', async () => {
  let state = initialState(0)
  await changeAtOnce(async (transition) => {
    const copy = {...state}
    await Promise.resolve()
    state = transition(copy, 0)
  })
  expect(state).not.toMatchObject(ALL_CHANGED)
  expect(state.steps.done + state.steps.failed).toBeLessThan(200)
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
  expect(at(2, planned(3, 5n))).toEqual([2, undefined])
  expect(at(3, streamBegan(fs('tank/a'), 'full @a'))).toEqual([2, undefined])
  expect(at(4, bytesMoved(moved(64n * 1024n)))).toEqual([4, undefined])
  expect(at(5, bytesMoved(moved(64n * 1024n + 9000n)))).toEqual([4, undefined])
  expect(at(6, streamEnded(fs('tank/a')))).toEqual([4, undefined])
  expect(at(7, stepFailed('broken'))).toEqual([4, 'broken'])
  expect(at(8, stepFailed('again'))).toEqual([4, 'again'])
  expect(at(9, stepDone)).toEqual([9, undefined])
  expect(at(10, progressed)).toEqual([10, undefined])
  expect(at(11, wentWrong('worse'))).toEqual([10, 'worse'])
  expect(at(12, streamBegan(fs('tank/b'), 'full @a'))).toEqual([10, 'worse'])
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
