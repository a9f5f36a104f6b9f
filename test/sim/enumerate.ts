import type {CommandFault, Fault} from './fault.ts'
import type {Entry} from './process/entry.ts'
import type {Baseline} from './scenario.ts'

/** Every single fault there is in a run: at each of its commands, on both hosts, and at each write of the protocol. */
export function enumerateFaults({trace, frames}: Baseline): readonly Fault[] {
  return [
    ...trace.flatMap(commandFaults),
    ...Array.from({length: frames}, (_, at) => WHEN.map((when): Fault => ({kind: 'frame', at, when}))).flat(),
  ]
}

/**
 * Of all faults that are alike one, and which one depends on `turn`: alike is the same fault in commands of the same words
 * on the same host, whatever they are about. Where the wire is cut, and where a stream, no two are alike.
 */
export function faultOfEachKind(baseline: Baseline, turn: number): readonly Fault[] {
  const alike = Map.groupBy(enumerateFaults(baseline), (fault) => kindOf(fault, baseline))
  return Array.from(alike.values()).flatMap((faults) => faults[turn % faults.length] ?? [])
}

function kindOf({at, ...fault}: Fault, {trace}: Baseline): string {
  const entry = fault.kind === 'frame' || typeof at !== 'number' ? undefined : trace[at]
  if (entry === undefined) return JSON.stringify([fault, at])
  const {argv, process, libraryCall} = entry
  const [verb, ...words] = argv
  const how = [process.host.name, libraryCall === undefined, verb, ...words.filter((word) => /^-/.test(word))]
  return JSON.stringify([fault, how])
}

const WHEN = ['before', 'after'] as const
const OUTPUTS = ['empty', 'cut-line', 'lost-line', 'garbled', 'doubled'] as const

function commandFaults(entry: Entry): readonly CommandFault[] {
  const at = entry.index
  const faults: CommandFault[] = []
  for (const when of WHEN) {
    faults.push({kind: 'kill', at, when, whom: 'owner'})
    if (entry.peers > 0) faults.push({kind: 'kill', at, when, whom: 'peers'})
  }
  if (entry.stageBytes !== undefined) return [...faults, ...stageFaults(at, entry.stageBytes)]
  for (const when of entry.mutates ? (['instead', 'after'] as const) : (['instead'] as const)) {
    for (const text of ['known', 'unknown'] as const) faults.push({kind: 'fail', at, when, text})
    faults.push({kind: 'abort', at, when})
  }
  if (entry.stream !== undefined) faults.push({kind: 'output', at, how: 'empty'})
  else if (!entry.mutates) for (const how of OUTPUTS) faults.push({kind: 'output', at, how})
  if (entry.stream === undefined) faults.push({kind: 'hang', at})
  if (entry.stream === 'out') faults.push(...streamFaults(at, entry.streamBytes ?? 0))
  return faults
}

/** A stage is ended, damages what it passes on, or lets nothing through and says that all is well. */
function stageFaults(at: number, length: number): readonly CommandFault[] {
  const places = [0, 1, 311, 312, 500, 1000, length - 1, length].filter((place) => place <= length)
  return [
    {kind: 'fail', at, when: 'instead', text: 'unknown'},
    {kind: 'output', at, how: 'empty'},
    ...places.map((bytes): CommandFault => ({kind: 'die', at, bytes})),
    ...places.filter((byte) => byte < length).map((byte): CommandFault => ({kind: 'flip', at, byte})),
  ]
}

/** Around the first record, at powers of two, and at the end: where something else is on the pipe or on the disk. */
function streamFaults(at: number, length: number): readonly CommandFault[] {
  const powers = Array.from({length: 12}, (_, exponent) => 2 ** (exponent + 4))
  const places = [0, 1, 311, 312, 313, ...powers, length - 1, length]
  const inside = Array.from(new Set(places))
    .filter((place) => place <= length)
    .sort((a, b) => a - b)
  return inside.flatMap((bytes): CommandFault[] => [
    {kind: 'cut', at, bytes},
    {kind: 'die', at, bytes},
    ...(bytes < length ? [{kind: 'flip' as const, at, byte: bytes}] : []),
  ])
}
