import {mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterEach, beforeEach, expect, test, vi} from 'vitest'
import {inRunSpan, writeTraceTo} from '../../../src/lib/app/trace-of-run.ts'
import {type Clock, inSpan, type RunContext} from '../../../src/lib/core/context.ts'
import {readChromeTrace} from '../../../src/lib/trace/chrome-trace.ts'
import {createLogs} from '../../../src/lib/trace/log.ts'
import type {LogLine} from '../../../src/lib/trace/log-line.ts'
import {createRootSpan, randomSpanId} from '../../../src/lib/trace/span.ts'
import {createSpanRecorder} from '../../../src/lib/trace/span-recorder.ts'
import {throwMisuse} from '../test-context.ts'

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'zrepl-trace-'))
  vi.stubEnv('STATE_DIRECTORY', join(dir, 'state'))
})
afterEach(() => {
  vi.unstubAllEnvs()
  rmSync(dir, {recursive: true, force: true})
})

/** A context with a recorder, whose clock jumps a second whenever it is read, and sleeps until `wake`. */
function tracedContext() {
  const lines: LogLine[] = []
  const sleeps: {ms: number; wake: () => void}[] = []
  let nowMs = 0
  const clock: Clock = {
    now: () => 0,
    monotonic: () => (nowMs += 1000),
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason), {once: true})
        sleeps.push({ms, wake: resolve})
      }),
  }
  const recorder = createSpanRecorder()
  const log = createLogs(clock, 'warn', (line) => lines.push(line))
  const options = {clock, log, newId: randomSpanId, keeper: recorder, onMisuse: throwMisuse}
  const span = createRootSpan(options, 'run')
  const ctx: RunContext = inSpan({signal: new AbortController().signal, log, clock, span}, span)
  const asleep = () => sleeps.map(({ms}) => ms)
  return {ctx, recorder, lines, asleep, wake: () => sleeps.shift()?.wake()}
}

const namesIn = (file: string) =>
  readChromeTrace(readFileSync(file, 'utf8')).map(({name, args, children}) => [
    name,
    args['unended'],
    children.map(({name, args}) => [name, args['unended']]),
  ])

test('a trace is whole while the run goes on, and again at its end; writing it takes a hundredth of the time', async () => {
  const {ctx, recorder, asleep, wake} = tracedContext()
  const file = join(dir, 'trace.json')
  const trace = writeTraceTo(ctx, recorder, file)
  expect(asleep()).toEqual([10_000])
  expect(readdirSync(dir)).toEqual([])
  const child = ctx.span.child('replicate')
  wake()
  // Two seconds by that clock, which is also read for the spans that have not ended.
  await vi.waitFor(() => expect(asleep()).toEqual([200_000]))
  expect(namesIn(file)).toEqual([['run', true, [['replicate', true]]]])
  child.end()
  ctx.span.end()
  trace.close()
  expect(namesIn(file)).toEqual([['run', undefined, [['replicate', undefined]]]])
})

test('a trace that is kept has its own run only, whatever becomes of it', async () => {
  const {ctx, recorder, lines} = tracedContext()
  ctx.span.child('another').end()
  const startedAt = Date.UTC(2026, 0, 1)
  const run = {job: 'a b', startedAt, recorder}
  await expect(
    inRunSpan(ctx, run, (ctx) => {
      ctx.span.child('lock').end()
      return Promise.reject(new Error('broken'))
    }),
  ).rejects.toThrow('broken')
  const kept = join(dir, 'state', 'reports', 'a%20b')
  expect(readdirSync(kept)).toEqual([`2026-01-01T00:00:00.000Z-${process.pid}.trace`])
  expect(namesIn(join(kept, readdirSync(kept)[0] ?? ''))).toEqual([['job', undefined, [['lock', undefined]]]])
  expect(lines).toEqual([])
})

test('where it cannot be kept the run is what it was, with a warning', async () => {
  const {ctx, recorder, lines} = tracedContext()
  writeFileSync(join(dir, 'state'), '')
  expect(await inRunSpan(ctx, {job: 'a', startedAt: 0, recorder}, async () => 'done')).toBe('done')
  expect(lines.map(({level, message}) => `${level} ${message}`)).toEqual([
    'warn the trace of this run is not kept',
  ])
  expect(await inRunSpan(ctx, {job: 'a', startedAt: 0, recorder: undefined}, async () => 'done')).toBe('done')
})
