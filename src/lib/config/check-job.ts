import {parsePathRules} from '../scope/path-rules.ts'
import {checkKeepRules} from './check-keep-rules.ts'
import {checkSnapshotting} from './check-snapshotting.ts'
import {checkConnect, checkServe} from './check-transport.ts'
import {type Finding, mistake, notice, type Path} from './diagnostic.ts'
import {formatProblem} from './formats.ts'
import {peek, peekEntries, peekList, peekText} from './peek.ts'

/**
 * What the schema cannot say about a job: values that do not go together, what is not supported yet, and what has no
 * effect. `job` may be of any shape; where it is wrong the schema has complained.
 */
export function checkJob(job: unknown, path: Path): readonly Finding[] {
  return [
    ...checkConnect(peek(job, 'connect'), [...path, 'connect']),
    ...checkServe(peek(job, 'serve'), [...path, 'serve']),
    ...checkFilesystems(peek(job, 'filesystems'), [...path, 'filesystems']),
    ...checkPathMapping(peekList(job, 'path_mapping'), [...path, 'path_mapping']),
    ...checkSnapshotting(peek(job, 'snapshotting'), [...path, 'snapshotting']),
    ...checkKeepRules(peek(job, 'pruning'), [...path, 'pruning']),
    ...checkSend(peek(job, 'send'), [...path, 'send']),
    ...checkReceive(peek(job, 'recv'), [...path, 'recv']),
    ...checkInterval(job, [...path, 'interval']),
    ...checkSizeEstimates(job, [...path, 'replication', 'concurrency', 'size_estimates']),
  ]
}

function checkFilesystems(filesystems: unknown, path: Path): readonly Finding[] {
  const values = peekEntries(filesystems).map(([, accept]) => accept)
  if (values.length === 0 || values.some((accept) => accept !== false)) return []
  return [notice(path, 'means no filesystem: all patterns are false')]
}

/** Rules are checked one after the other, each against those before it, so that a mistake has its place. */
function checkPathMapping(rules: readonly unknown[], path: Path): readonly Finding[] {
  const read: {from: string; to: string}[] = []
  for (const [index, rule] of rules.entries()) {
    const from = peekText(rule, 'from')
    const to = peekText(rule, 'to') ?? ''
    if (from === undefined || formatProblem('dataset', from) !== undefined) continue
    try {
      parsePathRules([...read, {from, to}])
      read.push({from, to})
    } catch (error) {
      if (!(error instanceof Error)) throw error
      return [
        mistake([...path, index, ...(peek(rule, 'to') === undefined ? ['from'] : ['to'])], error.message),
      ]
    }
  }
  return []
}

function checkSend(send: unknown, path: Path): readonly Finding[] {
  const contradiction = peek(send, 'encrypted') === true && peek(send, 'raw') === false
  return contradiction ? [notice([...path, 'raw'], 'has no effect: what is encrypted is sent raw')] : []
}

function checkReceive(recv: unknown, path: Path): readonly Finding[] {
  const overridden = peekEntries(recv, 'properties', 'override').map(([name]) => name)
  const inherited = peekList(recv, 'properties', 'inherit')
  return [
    ...namedElsewhere(recv, 'inherit', overridden, 'override', path),
    ...namedElsewhere(recv, 'accept', overridden, 'override', path),
    ...namedElsewhere(recv, 'accept', inherited, 'inherit', path),
  ]
}

/** What one list says of a property and another says otherwise. */
function namedElsewhere(
  recv: unknown,
  list: 'inherit' | 'accept',
  others: readonly unknown[],
  elsewhere: string,
  path: Path,
): readonly Finding[] {
  return peekList(recv, 'properties', list).flatMap((name, index): readonly Finding[] => {
    if (typeof name !== 'string' || !others.includes(name)) return []
    return [mistake([...path, 'properties', list, index], `${JSON.stringify(name)} is in ${elsewhere} too`)]
  })
}

function checkInterval(job: unknown, path: Path): readonly Finding[] {
  const interval = peekText(job, 'interval')
  if (peek(job, 'type') !== 'pull' || interval === undefined || interval === 'manual') return []
  return formatProblem('pull-interval', interval) === undefined
    ? [notice(path, 'nothing waits for it: `zrepl timers` prints a timer that starts the job')]
    : []
}

function checkSizeEstimates(job: unknown, path: Path): readonly Finding[] {
  const estimates = peek(job, 'replication', 'concurrency', 'size_estimates')
  return estimates === undefined ? [] : [notice(path, 'has no effect: sizes are estimated in one go')]
}
