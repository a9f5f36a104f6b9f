import {allDatasets, type Dataset, type Host, type Property} from './pool.ts'
import type {World} from './world.ts'

/**
 * What a world amounts to: everything that has to be equal after different ways to the same end. Guids become numbers
 * by first appearance, times in names their rank; transaction groups and dates are left out.
 */
export function normalForm({sender, receiver}: World): string {
  const hosts = [sender, receiver]
  const classes = createClasses()
  const rankOf = createRanks(hosts)

  function snapshotsOf({snapshots}: Dataset) {
    return snapshots.map(({name, guid, content, holds, deferDestroy}) => ({
      name: rankOf(name),
      guid: classes.of(guid),
      content: content.join(),
      holds: Array.from(holds.keys()).sort(),
      ...(deferDestroy ? {deferDestroy} : {}),
    }))
  }

  /** Our bookmarks carry a guid in their names. */
  function bookmarksOf({bookmarks}: Dataset) {
    return bookmarks
      .map(({name, guid}) => `${name.replace(/_G_[0-9a-f]{16}_/, '_G_')} of ${classes.of(guid)}`)
      .sort()
  }

  return JSON.stringify(
    hosts.map((host) => ({
      host: host.name,
      datasets: allDatasets(host).map((dataset) => ({
        name: dataset.name,
        type: dataset.type,
        snapshots: snapshotsOf(dataset),
        bookmarks: bookmarksOf(dataset),
        properties: Array.from(dataset.properties, describeProperty).sort(),
        head: dataset.head.join(),
        ...(dataset.inconsistent ? {inconsistent: true} : {}),
        ...(dataset.partial === undefined ? {} : {partial: classes.of(dataset.partial.toguid)}),
      })),
    })),
    undefined,
    1,
  )
}

/** The lines in which two normal forms differ, for messages. */
export function differences(expected: string, actual: string): string {
  const [wanted, found] = [expected.split('\n'), actual.split('\n')]
  const missing = wanted.filter((line) => !found.includes(line)).map((line) => `- ${line.trim()}`)
  const extra = found.filter((line) => !wanted.includes(line)).map((line) => `+ ${line.trim()}`)
  return [...missing, ...extra].slice(0, 12).join('; ') || (expected === actual ? '' : 'the order')
}

function describeProperty([name, {value, source}]: [string, Property]): string {
  return `${name}=${value} (${source})`
}

function createClasses() {
  const classes = new Map<string, number>()
  return {
    of(guid: string): number {
      const known = classes.get(guid) ?? classes.size + 1
      classes.set(guid, known)
      return known
    },
  }
}

const STAMPED = /^(.*_)\d{8}_\d{6}_000$/

/** `zrepl_20260105_120200_000` is `zrepl_<1>` when no other name has an earlier time. */
function createRanks(hosts: readonly Host[]): (name: string) => string {
  const names = hosts.flatMap((host) =>
    allDatasets(host).flatMap(({snapshots}) => snapshots.map(({name}) => name)),
  )
  const stamped = Array.from(new Set(names.filter((name) => STAMPED.test(name)))).sort()
  return (name) => {
    const rank = stamped.indexOf(name)
    return rank === -1 ? name : `${STAMPED.exec(name)?.[1]}<${rank + 1}>`
  }
}
