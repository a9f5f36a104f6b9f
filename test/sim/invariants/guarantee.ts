import {findSnapshot} from '../pool.ts'
import type {Entry} from '../process/entry.ts'
import {ownBookmarks, STEP_TAG} from '../view.ts'
import type {World} from '../world.ts'
import type {Check} from './check.ts'

/** What the policy guarantees is in place when the first byte is sent: else an interruption could cost the chain. */
export function guarantee(world: World): Check {
  const {initial, incremental} = world.options.protection
  return {
    invariant: 'guarantee',
    before(entry) {
      if (entry.stream !== 'out' || entry.argv.includes('-t')) return []
      const {base, target} = endsOf(entry)
      const kind = base === undefined ? initial : incremental
      if (kind === 'guarantee_nothing') return []
      const ends = base === undefined ? [target] : [base, target]
      const bare = kind === 'guarantee_resumability' ? ends.filter(isUnheld) : ends.filter(isUnmarked)
      return bare.map((name) => `${name} is sent without the protection of ${kind}`)
    },
  }

  function isUnheld(name: string): boolean {
    if (name.includes('#')) return isUnmarked(name)
    // One that is gone cannot be sent either.
    return findSnapshot(world.sender, name)?.holds.has(STEP_TAG) === false
  }

  function isUnmarked(name: string): boolean {
    const [dataset = '', short = ''] = name.split(/[@#]/)
    const side = world.sender.pools.get('tank')?.datasets.get(dataset)
    const versions = name.includes('#') ? side?.bookmarks : side?.snapshots
    const guid = versions?.find((version) => version.name === short)?.guid
    if (side === undefined || guid === undefined) return false
    return ![...ownBookmarks(side, 'tentative'), ...ownBookmarks(side, 'cursor')].some(
      (one) => one.guid === guid,
    )
  }
}

function endsOf({argv}: Entry): {readonly base: string | undefined; readonly target: string} {
  const at = argv.indexOf('-i')
  return {base: at === -1 ? undefined : argv[at + 1], target: argv.at(-1) ?? ''}
}
