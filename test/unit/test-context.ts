import {Bug} from '../../src/lib/core/assert.ts'
import type {Fields, RunContext} from '../../src/lib/core/context.ts'
import {createClock} from '../../src/lib/host/clock.ts'
import {createLogs} from '../../src/lib/trace/log.ts'
import type {LogLine} from '../../src/lib/trace/log-line.ts'
import {createRootSpan} from '../../src/lib/trace/span.ts'

/** In tests a mistake in the use of spans is one. */
export function throwMisuse(mistake: string, fields: Fields): never {
  throw new Bug(`${mistake}: ${JSON.stringify(fields)}`)
}

/** A context for doers under test: a real clock, and a log that is kept. */
export function createTestContext(lines: LogLine[] = [], signal = new AbortController().signal): RunContext {
  const clock = createClock()
  const log = createLogs(clock, 'debug', (line) => lines.push(line))
  const ids = Array.from({length: 10_000}, (_, index) => `s${index}`).values()
  const span = createRootSpan(
    {clock, log, newId: () => ids.next().value ?? 's', onMisuse: throwMisuse},
    'test',
  )
  return {signal, log, clock, span}
}
