import type {Fields, RunContext} from '../../../src/lib/core/context.ts'
import {Stopped} from '../../../src/lib/core/errors.ts'
import {createLogs} from '../../../src/lib/trace/log.ts'
import {createRootSpan} from '../../../src/lib/trace/span.ts'
import type {ZfsCommand} from '../../../src/lib/zfs/argv.ts'
import type {ProgramCall, ProgramResult, RunProgram} from '../../../src/lib/zfs-client/run-program.ts'
import {deliver} from '../../deliver.ts'
import {throwMisuse} from '../test-context.ts'

/** The words of a command, or the command itself, and what it answers: its stdout, or more than that. */
export type Step = readonly [command: string | ZfsCommand, answer?: string | Partial<ProgramResult> | Error]

/** A failed command that said this. */
export function fails(stderr: string, stdout = ''): Partial<ProgramResult> {
  return {exitCode: 1, stderr: `${stderr}\n`, stdout}
}

/** Answers exactly these commands in this order. Call `done` in the end: it fails when some were not asked. */
export function scripted(steps: readonly Step[]): {
  readonly run: RunProgram
  readonly calls: readonly ProgramCall[]
  done(): void
} {
  const calls: ProgramCall[] = []
  const expected = steps.map(([command]) => (typeof command === 'string' ? command : command.argv.join(' ')))
  return {
    calls,
    async run(_, call) {
      const words = call.argv.join(' ')
      const answer = steps[calls.length]?.[1] ?? ''
      if (words !== expected[calls.length]) {
        throw new Error(
          `command ${calls.length + 1} is '${words}', expected '${expected[calls.length] ?? 'no more'}'`,
        )
      }
      calls.push(call)
      if (answer instanceof Error) throw answer
      const result: ProgramResult = {exitCode: 0, signal: undefined, stdout: '', stderr: '', stderrCut: false}
      return deliver(call, {...result, ...(typeof answer === 'string' ? {stdout: answer} : answer)})
    },
    done() {
      if (calls.length < steps.length)
        throw new Error(`command ${calls.length + 1} was not run: '${expected[calls.length]}'`)
    },
  }
}

export type Told = {readonly level: string; readonly message: string; readonly fields: Fields}

/** A context that remembers what was logged, but for begins and ends of spans. */
export function testContext(): RunContext & {readonly told: readonly Told[]} {
  const told: Told[] = []
  const clock = {now: () => 0, monotonic: () => 0, sleep: async () => {}}
  const log = createLogs(clock, 'debug', ({level, message, fields: {subsystem, span: _, ...fields}}) => {
    if (subsystem !== 'trace.data') told.push({level, message, fields})
  })
  const span = createRootSpan({clock, log, newId: () => 's', onMisuse: throwMisuse}, 'test')
  return {signal: new AbortController().signal, log, clock, span, told}
}

export const STOPPED = new Stopped('stopped by SIGTERM')

/** One row of `zfs list` for a snapshot or bookmark; its guid is the createtxg with a nine in front. */
export function row(
  name: string,
  createtxg: number,
  userrefs: number | '-' = name.includes('#') ? '-' : 0,
): string {
  return `${name}\t9${createtxg}\t${createtxg}\t1700000000\t${userrefs}\t-\n`
}

/** The rows of `zfs get` for one dataset. */
export function dataset(name: string, {placeholder = '-', token = '-', type = 'filesystem'} = {}): string {
  return [
    `${name}\ttype\t${type}\t-\n`,
    `${name}\treceive_resume_token\t${token}\t-\n`,
    `${name}\tencryption\toff\tdefault\n`,
    `${name}\tkeystatus\t-\t-\n`,
    `${name}\twritten\t0\t-\n`,
    `${name}\tzrepl:placeholder\t${placeholder}\t${placeholder === '-' ? '-' : 'local'}\n`,
  ].join('')
}
