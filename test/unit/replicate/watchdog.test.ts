import {describe, expect, test} from 'vitest'
import {stepFailed, streamBegan, streamEnded} from '../../../src/lib/progress/run-state.ts'
import {createWatchdog} from '../../../src/lib/replicate/watchdog.ts'
import {parseDatasetName} from '../../../src/lib/zfs/name.ts'
import {createTestContext} from '../test-context.ts'

const MINUTE = 60_000
const FS = parseDatasetName('tank/a')

const both = (bytes: bigint | undefined) =>
  bytes === undefined ? undefined : {stream: bytes, any: bytes, byCarrier: new Map()}

/** A watchdog that looks once a minute of a clock that only it moves. `bytes`: what has moved by each minute. */
function watch(minutes: number, bytes: (minute: number) => bigint | undefined) {
  let minute = 0
  const watchdog = createWatchdog(
    {monotonic: () => minute * MINUTE},
    {idleMs: 15 * MINUTE, movedBytes: () => both(bytes(minute))},
  )
  const stopped = new Promise<unknown>((resolve) => {
    void watchdog.guard(createTestContext(), async ({signal}) => {
      watchdog.board.change(streamBegan(FS, 'full @a', undefined))
      for (minute = 1; minute <= minutes; minute += 1) {
        watchdog.look()
        if (signal.aborted) return resolve([minute, signal.reason])
      }
      resolve('let run')
    })
  })
  return {watchdog, stopped}
}

describe('a stream', () => {
  test('that stands still is stopped, with the reason', async () => {
    const {stopped} = watch(60, () => 5n * 2n ** 30n)
    expect(await stopped).toMatchObject([
      16,
      {code: 'stalled', message: "no progress for 15m, after 5 GiB: 'tank/a' full @a"},
    ])
  })

  test('that only exchanges keep-alives stands still', async () => {
    const {stopped} = watch(60, (minute) => BigInt(minute) * 600n)
    expect(await stopped).toMatchObject([15, {code: 'stalled'}])
  })

  test('that is slow but moves is left alone for ever', async () => {
    const {stopped} = watch(10_000, (minute) => BigInt(minute) * 5000n)
    expect(await stopped).toBe('let run')
  })

  test('is left alone where nobody can count', async () => {
    const {stopped} = watch(10_000, () => undefined)
    expect(await stopped).toBe('let run')
  })
})

test('failing again and again does not keep a run alive, though each time it tries anew', () => {
  let minute = 0
  const watchdog = createWatchdog(
    {monotonic: () => minute * MINUTE},
    {idleMs: 15 * MINUTE, movedBytes: () => both(0n)},
  )
  const seen: AbortSignal[] = []
  void watchdog.guard(createTestContext(), async ({signal}) => {
    seen.push(signal)
    await new Promise(() => {})
  })
  watchdog.board.change(streamBegan(FS, 'full @a', undefined))
  for (minute = 1; minute < 15; minute += 1) {
    watchdog.board.change(stepFailed(FS, 'again'))
    watchdog.board.change(streamEnded(FS))
    watchdog.board.change(streamBegan(FS, 'full @a', undefined))
    watchdog.look()
  }
  expect(seen[0]?.aborted).toBe(false)
  minute = 15
  watchdog.look()
  expect(seen[0]?.reason).toMatchObject({code: 'stalled'})
})

test('without a stream nothing is judged: commands have deadlines', () => {
  let minute = 0
  const watchdog = createWatchdog(
    {monotonic: () => minute * MINUTE},
    {idleMs: 15 * MINUTE, movedBytes: () => both(0n)},
  )
  watchdog.board.change(streamBegan(FS, 'full @a', undefined))
  watchdog.board.change(streamEnded(FS))
  const seen: AbortSignal[] = []
  void watchdog.guard(createTestContext(), async ({signal}) => {
    seen.push(signal)
    await new Promise(() => {})
  })
  minute = 60
  watchdog.look()
  expect(seen[0]?.aborted).toBe(false)
})
