import type {PrunedFilesystem, PrunedSnapshot, PruneReport} from '../report.ts'

/** One line of a picture: the snapshots that one rule keeps, or that are protected, or that go. */
export type Lane = {
  readonly kind: 'rule' | 'protected' | 'goes'
  readonly label: string
  /** Stands before the lane and in the legend. */
  readonly sign: string
  /** Which colour: the same rule has the same one on the whole page. */
  readonly colour: number
  readonly snapshots: readonly PrunedSnapshot[]
}

/** The rules of one side in the order of the configuration, as far as its snapshots tell: what goes names them all. */
export function rulesOf({filesystems}: PruneReport): readonly string[] {
  const named = filesystems.flatMap(({snapshots}) =>
    snapshots.map(({reasons = []}) => reasons.flatMap(({rule}) => rule ?? [])),
  )
  return Array.from(new Set(named.toSorted((a, b) => b.length - a.length).flat()))
}

/** A lane for each rule, also one that keeps nothing; one for what is protected; one for what goes. */
export function lanesOf({snapshots}: PrunedFilesystem, rules: readonly string[]): readonly Lane[] {
  const kept = snapshots.filter(({state}) => state === 'kept')
  const goes = snapshots.filter(({state}) => state === 'doomed')
  const isProtected = ({reasons = []}: PrunedSnapshot) => reasons.some(({rule}) => rule === undefined)
  return [
    ...rules.map(
      (rule, colour): Lane => ({
        kind: 'rule',
        label: rule,
        sign: signOf(colour),
        colour: colour % COLOURS,
        snapshots: kept.filter(({reasons = []}) => reasons.some((reason) => reason.rule === rule)),
      }),
    ),
    {kind: 'protected', label: 'protected', sign: '', colour: 0, snapshots: kept.filter(isProtected)},
    {kind: 'goes', label: 'goes', sign: '', colour: 0, snapshots: goes},
  ]
}

/** A, B, C, … of the rules. */
export function signOf(index: number): string {
  return String.fromCharCode('A'.charCodeAt(0) + (index % 26))
}

/** How many colours rules have; then they begin again, and the place of a lane tells. */
export const COLOURS = 6
