import {existsSync, mkdtempSync, readFileSync, rmSync, watch, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import type {Clock, EndedSpan, Fields, RunContext} from '../../../src/lib/core/context.ts'
import {OperationalError} from '../../../src/lib/core/errors.ts'
import {createClock} from '../../../src/lib/host/clock.ts'
import {createLogs} from '../../../src/lib/trace/log.ts'
import {createRootSpan, randomSpanId} from '../../../src/lib/trace/span.ts'
import {throwMisuse} from '../test-context.ts'

export type Said = {readonly level: string; readonly message: string; readonly fields: Fields}

export type TestContext = RunContext & {
  readonly said: readonly Said[]
  readonly spans: readonly {readonly annotation: string; readonly fields: Fields}[]
  stop(reason: Error): void
}

/** A context that remembers what was logged and which spans ended with what. */
export function testContext(clock: Clock = createClock()): TestContext {
  const controller = new AbortController()
  const said: Said[] = []
  const spans: {annotation: string; fields: Fields}[] = []
  const log = createLogs(clock, 'debug', ({level, message, fields}) => {
    if (fields['subsystem'] !== 'trace.data') said.push({level, message, fields})
  })
  const keeper = {
    begin: () => {},
    end: ({annotation, fields}: EndedSpan) => void spans.push({annotation, fields}),
  }
  return {
    signal: controller.signal,
    log,
    clock,
    span: createRootSpan({clock, log, newId: randomSpanId, keeper, onMisuse: throwMisuse}, 'test'),
    said,
    spans,
    stop: (reason) => controller.abort(reason),
  }
}

/** A clock on which waiting takes a fiftieth of the time. */
export function fastClock(): Clock {
  const clock = createClock()
  return {...clock, sleep: (ms, signal) => clock.sleep(ms / 50, signal)}
}

/** A directory of its own, gone at the end of the test. */
export function temporaryDirectory(): {readonly path: string; [Symbol.dispose](): void} {
  const path = mkdtempSync(join(tmpdir(), 'zrepl-host-'))
  return {path, [Symbol.dispose]: () => rmSync(path, {recursive: true, force: true})}
}

/** Writes an executable shell script and returns its path. */
export function script(directory: string, name: string, text: string): string {
  const path = join(directory, name)
  writeFileSync(path, `#!/bin/sh\n${text}\n`, {mode: 0o755})
  return path
}

/** The lines of a file, as soon as it has `count` of them. */
export async function linesOf(path: string, count: number): Promise<readonly string[]> {
  for (;;) {
    const lines = existsSync(path) ? readFileSync(path, 'utf8').split('\n').slice(0, -1) : []
    if (lines.length >= count) return lines
    await changed(path)
  }
}

/** Resolves when something happens in the directory of `path`, or a little later in case it has just happened. */
function changed(path: string): Promise<void> {
  const {promise, resolve} = Promise.withResolvers<void>()
  const watcher = watch(join(path, '..'), () => resolve())
  const timer = setTimeout(resolve, 50)
  return promise.finally(() => {
    watcher.close()
    clearTimeout(timer)
  })
}

/** Resolves when none of these processes runs any more; a zombie that nobody waits for does not run. */
export async function untilGone(pids: readonly (string | number)[], withinMs = 3000): Promise<boolean> {
  const end = performance.now() + withinMs
  while (pids.some(isRunning)) {
    if (performance.now() > end) return false
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  return true
}

export function isRunning(pid: string | number): boolean {
  const {stdout} = Bun.spawnSync(['ps', '-o', 'stat=', '-p', String(pid)])
  const state = stdout.toString().trim()
  return state !== '' && !state.startsWith('Z')
}

/** The error a promise or function fails with. */
export async function failureOf(work: Promise<unknown> | (() => unknown)): Promise<unknown> {
  try {
    await (typeof work === 'function' ? work() : work)
  } catch (error) {
    return error
  }
  throw new Error('it did not fail')
}

/** The code of the operational error something fails with. */
export async function codeOf(work: Promise<unknown> | (() => unknown)): Promise<string> {
  const error = await failureOf(work)
  if (error instanceof OperationalError) return error.code
  throw error
}
