import {findDataset, type Host, parentName} from '../pool.ts'
import type {Process} from '../process/process.ts'
import type {World} from '../world.ts'
import type {Check} from './check.ts'
import {targetsOf} from './targets.ts'

/** I7: no command that is not limited to what it names. `-F` is for receiving over a placeholder without snapshots. */
export function noForce(world: World): Check {
  return {
    invariant: 'I7',
    before({argv, process, mutates}) {
      if (!mutates) return []
      const [verb = '', ...words] = argv
      const {datasets, snapshots, bookmarks} = targetsOf(argv)
      const flags = words.filter((word) => /^-[A-Za-z]+$/.test(word))
      const forced = flags.filter((flag) => /[FRrfd]/.test(flag))
      const overPlaceholder =
        verb === 'receive' && datasets.every((name) => isReplaceable(process.host, name))
      const loose = [...snapshots, ...bookmarks].filter((name) => (name.match(/[@#]/g) ?? []).length !== 1)
      return [
        ...(NEVER_USED.has(verb) ? [`${verb} is never used`] : []),
        ...(forced.length > 0 && !(overPlaceholder && forced.join() === '-F')
          ? [`options ${forced.join(' ')}`]
          : []),
        ...(verb === 'destroy' && snapshots.length + bookmarks.length === 0 ? ['destroy of a dataset'] : []),
        ...loose.map((name) => `${name} names more than one version`),
        ...(snapshots.some((name) => name.includes('%')) ? ['a range of snapshots'] : []),
      ]
    },
  }

  /** What a full receive may replace: it has no snapshots, and is or was a placeholder of ours. */
  function isReplaceable(host: Host, name: string): boolean {
    const dataset = findDataset(host, name)
    return (
      host === world.receiver &&
      dataset !== undefined &&
      dataset.snapshots.length === 0 &&
      dataset.properties.has('zrepl:placeholder')
    )
  }
}

const NEVER_USED = new Set(['rollback', 'rename', 'promote', 'clone', 'inherit', 'mount', 'unmount'])

/** I17: every name in a change was listed by the same process on the same host, with the guid it still has. */
export function noTrustInNames(world: World): Check {
  let foreign = false

  function unknown(process: Process, name: string): readonly string[] {
    if (!process.seen.has(name)) return [`${name} was never listed by this process`]
    const guid = guidOf(process.host, name)
    const listed = process.seen.get(name)
    const same = foreign || guid === undefined || listed === undefined || listed === guid
    return same ? [] : [`${name} has guid ${guid}, but was listed with ${listed}`]
  }

  /** It has looked twice, and what it saw the second time, right before, is not what it had decided about. */
  function changedMeanwhile(process: Process, name: string): readonly string[] {
    const [first, last] = [process.firstSeen.get(name), process.seen.get(name)]
    return first !== last && last === guidOf(process.host, name)
      ? [`${name} is destroyed, although it was seen to be another one than before`]
      : []
  }

  return {
    invariant: 'I17',
    changedBy: ['bookmark', 'create'],
    before({argv, process, mutates}) {
      if (!mutates) return []
      const {verb, datasets, snapshots} = targetsOf(argv)
      switch (verb) {
        case 'snapshot':
        case 'set':
        case 'abort':
          return datasets.flatMap((name) => unknown(process, name))
        case 'create':
        case 'receive':
          return datasets.flatMap((name) => unknown(process, parentName(name) ?? name))
        case 'bookmark':
          return unknown(process, argv[1] ?? '')
        case 'destroy':
          return [
            ...[...snapshots, ...targetsOf(argv).bookmarks].flatMap((name) => unknown(process, name)),
            ...snapshots.flatMap((name) => changedMeanwhile(process, name)),
          ]
        case 'program':
          return snapshots.flatMap((name) =>
            process.seen.get(name) === targetsOf(argv).judged.get(name)
              ? []
              : [`${name} was not listed by this process with the guid it is to be destroyed with`],
          )
        default:
          return snapshots.flatMap((name) => unknown(process, name))
      }
    },
    after({argv, process}, result) {
      if (process.host !== world.sender && process.host !== world.receiver) return []
      if (result.exitCode === 0 && argv[0] === 'bookmark')
        process.seen.set(argv[2] ?? '', guidOf(process.host, argv[2] ?? ''))
      if (result.exitCode === 0 && argv[0] === 'create') process.seen.set(argv.at(-1) ?? '', undefined)
      return []
    },
    accept() {
      foreign = true
    },
  }
}

/** What a listing has told this process, by what it saw of the output. */
export function noteListing({seen, firstSeen}: Process, argv: readonly string[], stdout: string): void {
  const [verb] = argv
  if (verb !== 'list' && verb !== 'get') return
  let last = ''
  for (let start = 0; start < stdout.length; ) {
    const newline = stdout.indexOf('\n', start)
    const end = newline === -1 ? stdout.length : newline
    const line = stdout.slice(start, end)
    start = end + 1
    const tab = line.indexOf('\t')
    const name = tab === -1 ? line : line.slice(0, tab)
    // The properties of a dataset come line after line.
    if (name === '' || name === last) continue
    last = verb === 'get' ? name : ''
    const guid = verb === 'list' && tab !== -1 ? secondField(line, tab + 1) : undefined
    seen.set(name, guid)
    if (!firstSeen.has(name)) firstSeen.set(name, guid)
  }
}

function secondField(line: string, start: number): string {
  const tab = line.indexOf('\t', start)
  return tab === -1 ? line.slice(start) : line.slice(start, tab)
}

function guidOf(host: Host, name: string): string | undefined {
  const [dataset = '', short] = name.split(/[@#]/)
  const found = findDataset(host, dataset)
  const versions = name.includes('@') ? found?.snapshots : found?.bookmarks
  return versions?.find((version) => version.name === short)?.guid
}
