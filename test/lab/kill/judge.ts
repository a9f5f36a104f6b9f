import {guidHex} from '../scenario.ts'

/** What cycles.sh has told about one moment. */
export type Killed = {
  /** `VICTIM NUMBER`. */
  readonly moment: string
  /** How many runs it took until one ended well; for `none`, how many commands a run has. */
  readonly runs: number
  /** The command at which it happened; empty when no run came that far. */
  readonly command: string
  /** In what both sides differ from what an undisturbed run leaves. */
  readonly problems: readonly string[]
}

/** Reads what cycles.sh prints. `src` and `dst`: what the two filesystems lie below, on each side. */
export function readKilled(told: string, src: string, dst: string): readonly Killed[] {
  return told
    .split(/^= /m)
    .slice(1)
    .map((block) => {
      const [header = '', ...lines] = block.trimEnd().split('\n')
      const [victim, number, runs, ...command] = header.split(' ')
      return {
        moment: `${victim} ${number}`,
        runs: Number(runs),
        command: command.join(' '),
        problems: problemsOf(lines, src, dst),
      }
    })
}

/** The same snapshots by guid; one hold, on the receiver's newest; one cursor, at the sender's newest; nothing partial. */
function problemsOf(lines: readonly string[], src: string, dst: string): readonly string[] {
  const [ours, theirs] = [sideOf(lines, src), sideOf(lines, dst)]
  return ['data', 'data/a b'].flatMap((path) => {
    const [sent, received] = [ours.get(path), theirs.get(path)]
    if (sent === undefined || received === undefined) return [`${path} is missing`]
    const newest = sent.snapshots.at(-1)?.split(' ') ?? []
    return [
      ...differences(`snapshots of ${path}`, received.snapshots, sent.snapshots),
      ...differences(`holds on ${path}`, sent.held, []),
      ...differences(`holds on the copy of ${path}`, received.held, [`${newest[0]} 1`]),
      ...differences(`bookmarks of ${path}`, sent.bookmarks, [
        `zrepl_CURSOR_G_${guidHex(newest[1] ?? '0')}_J_offsite`,
      ]),
      ...differences(`bookmarks of the copy of ${path}`, received.bookmarks, []),
      ...differences(`partial receives of ${path}`, received.partial, []),
    ]
  })
}

type Side = {
  readonly snapshots: string[]
  readonly held: string[]
  readonly bookmarks: string[]
  readonly partial: string[]
}

function sideOf(lines: readonly string[], root: string): ReadonlyMap<string, Side> {
  const sides = new Map<string, Side>()
  for (const line of lines.filter((line) => line.startsWith(`${root}/`))) {
    const [name = '', guid, userrefs, token = '-'] = line.slice(root.length + 1).split('\t')
    const [path = '', version = ''] = name.split(/[@#]/)
    const side = sides.get(path) ?? {snapshots: [], held: [], bookmarks: [], partial: []}
    sides.set(path, side)
    if (name.includes('@')) {
      side.snapshots.push(`${version} ${guid}`)
      if (userrefs !== '0') side.held.push(`${version} ${userrefs}`)
    } else if (name.includes('#')) {
      side.bookmarks.push(version)
    } else if (token !== '-') {
      side.partial.push(token)
    }
  }
  return sides
}

function differences(what: string, found: readonly string[], expected: readonly string[]): readonly string[] {
  const same = found.join(', ') === expected.join(', ')
  return same ? [] : [`${what}: ${found.join(', ') || 'none'}, not ${expected.join(', ') || 'none'}`]
}
