import type {ProgramResult} from '../../src/lib/zfs-client/run-program.ts'
import type {CommandFault, SpoiltOutput} from './fault.ts'
import type {Entry} from './process/entry.ts'
import {faultOf} from './process/program.ts'

/** What a command that a fault keeps from running comes to; `undefined` when it runs. */
export function replacedResult(entry: Entry): ProgramResult | undefined {
  const fail = faultOf(entry, 'fail')
  if (fail?.when === 'instead') return failing(entry, fail.text)
  if (faultOf(entry, 'abort')?.when === 'instead') return ABORTED
  // A stream that says it is through and was never touched.
  if (faultOf(entry, 'output')?.how === 'empty' && entry.stream !== undefined) return EMPTY
  return undefined
}

/** What the program sees of a command that has run. */
export function disturbedResult(entry: Entry, result: ProgramResult): ProgramResult {
  const fail = faultOf(entry, 'fail')
  if (fail?.when === 'after') return {...failing(entry, fail.text), stdout: result.stdout}
  if (faultOf(entry, 'abort')?.when === 'after') return {...ABORTED, stdout: result.stdout}
  const output = faultOf(entry, 'output')
  return output === undefined ? result : {...result, stdout: spoilt(result.stdout, output.how)}
}

const ABORTED: ProgramResult = {
  exitCode: undefined,
  signal: 'SIGABRT',
  stdout: '',
  stderr: 'internal error: Invalid exchange\n',
  stderrCut: false,
}

const EMPTY: ProgramResult = {exitCode: 0, signal: undefined, stdout: '', stderr: '', stderrCut: false}

function failing(entry: Entry, text: FailText): ProgramResult {
  const stderr = complaintOf(entry, text)
  return {exitCode: 1, signal: undefined, stdout: '', stderr: `${stderr}\n`, stderrCut: false}
}

type FailText = Extract<CommandFault, {kind: 'fail'}>['text']

function complaintOf(entry: Entry, text: FailText): string {
  switch (text) {
    case 'known':
      return knownComplaint(entry)
    case 'refused':
      return refusal(entry)
    case 'unknown':
      return 'zfs: a complaint nobody has ever seen'
  }
}

/** How ZFS says that it will never take this token, or this stream. */
function refusal({argv, stream}: Entry): string {
  return stream === 'out'
    ? `cannot resume send: '${argv.at(-1)}' used in the initial send no longer exists`
    : 'cannot receive resume stream: invalid backup stream'
}

/** A complaint that ZFS really has for this kind of command, and that says nothing about what exists. */
function knownComplaint({argv}: Entry): string {
  const [verb = ''] = argv
  const object = argv.at(-1) ?? ''
  switch (verb) {
    case 'snapshot':
      return `${argv
        .slice(1)
        .map((name) => `cannot create snapshot '${name}': out of space`)
        .join('\n')}\nno snapshots were created`
    case 'hold':
      return `cannot hold snapshot '${object}': out of space`
    case 'release':
      return `cannot release hold from snapshot '${object}': permission denied`
    case 'bookmark':
      return `cannot create bookmark '${object}': out of space`
    case 'destroy':
      return object.includes('@')
        ? `cannot destroy snapshot ${object.split(',')[0]}: dataset is busy`
        : `cannot destroy bookmark '${object}': permission denied`
    case 'program':
      return 'Channel program execution failed:\nPermission denied. Channel programs must be run as root.'
    case 'send':
      return `warning: cannot send '${object}': dataset key must be loaded`
    case 'receive':
      return 'cannot receive incremental stream: out of space'
    case 'create':
      return `cannot create '${object}': out of space`
    case 'set':
      return `cannot set property for '${object}': permission denied`
    default:
      return `cannot open '${object}': permission denied`
  }
}

function spoilt(stdout: string, how: SpoiltOutput): string {
  const lines = stdout.split('\n')
  switch (how) {
    case 'empty':
      return ''
    case 'cut-line':
      return stdout.slice(0, Math.floor((stdout.length * 2) / 3))
    case 'lost-line':
      return lines.length <= 2 ? '' : `${lines.slice(0, -2).join('\n')}\n`
    case 'garbled':
      return stdout.replace(/\t/g, ' ')
    case 'doubled':
      return lines.flatMap((line) => (line === '' ? [line] : [line, line])).join('\n')
  }
}
