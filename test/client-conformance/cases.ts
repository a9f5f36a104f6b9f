import type {RunContext} from '../../src/lib/core/context.ts'
import type {JudgedSnapshot, Outcome, ZfsClient} from '../../src/lib/zfs/client.ts'
import {
  parseBookmarkName,
  parseDatasetName,
  parseGuid,
  parseHoldTag,
  parseSnapshotName,
} from '../../src/lib/zfs/name.ts'
import {shortName, type Version} from '../../src/lib/zfs/version.ts'

/** A host with an empty dataset, and one implementation of the client for it. */
export type Stage = {
  readonly client: ZfsClient
  /** An empty dataset; everything a case makes lies below. */
  readonly root: string
  readonly ctx: RunContext
  /** Runs `zfs WORDS`; throws when it fails. */
  zfs(...words: readonly string[]): void
}

export type Case = {
  readonly name: string
  run(stage: Stage): Promise<readonly string[]>
  readonly expected: readonly string[]
}

/** What every implementation must do alike, on every version of ZFS. */
export const CASES: readonly Case[] = [
  {
    name: 'snapshots: by name, held and not, one that is missing, and one of a missing dataset',
    async run(stage) {
      history(stage)
      stage.zfs('hold', 'tag', `${stage.root}/a@2`)
      const names = ['a@2', 'b@1', 'b@missing', 'missing@1'].map((name) =>
        parseSnapshotName(full(stage, name)),
      )
      const found = await stage.client.snapshots(stage.ctx, names)
      const known = (await listed(stage)).get('a')?.find((one) => one.kind === 'snapshot' && one.name === '2')
      return names.map((name, index) => {
        const one = found.get(name)
        if (one === undefined) return 'none'
        const guid = index === 0 && one.guid === known?.guid ? ', the guid that is listed' : ''
        return `${shortName(one)} held ${one.userrefs} times${guid}`
      })
    },
    expected: ['@2 held 1 times, the guid that is listed', '@1 held 0 times', 'none', 'none'],
  },
  {
    name: 'hold: new ones of two datasets, one that exists, one whose snapshot is missing',
    async run(stage) {
      history(stage)
      stage.zfs('hold', 'tag', `${stage.root}/a@1`)
      const wanted = ['a@1', 'a@2', 'b@1', 'b@missing'].map((name) => holdOf(stage, name))
      return [...wordsOf(await stage.client.hold(stage.ctx, wanted)), ...(await heldIn(stage))]
    },
    expected: ['done', 'done', 'done', 'does-not-exist', 'a@1 tag', 'a@2 tag', 'b@1 tag'],
  },
  {
    name: 'hold: two tags on one snapshot, and one of them twice',
    async run(stage) {
      history(stage)
      const wanted = [holdOf(stage, 'a@1'), holdOf(stage, 'a@1', 'other'), holdOf(stage, 'a@1')]
      return [...wordsOf(await stage.client.hold(stage.ctx, wanted)), ...(await heldIn(stage))]
    },
    expected: ['done', 'done', 'done', 'a@1 other,tag'],
  },
  {
    name: 'release: what is held, what is not, what is not there',
    async run(stage) {
      history(stage)
      stage.zfs('hold', 'tag', `${stage.root}/a@1`, `${stage.root}/b@1`)
      stage.zfs('hold', 'other', `${stage.root}/b@1`)
      const unwanted = ['a@1', 'a@2', 'b@1', 'b@missing'].map((name) => holdOf(stage, name))
      return [...wordsOf(await stage.client.release(stage.ctx, unwanted)), ...(await heldIn(stage))]
    },
    expected: ['done', 'done', 'done', 'done', 'b@1 other'],
  },
  {
    name: 'bookmark: new ones of two datasets, one that exists of the same and one of another snapshot',
    async run(stage) {
      history(stage)
      stage.zfs('bookmark', `${stage.root}/a@1`, `${stage.root}/a#same`)
      stage.zfs('bookmark', `${stage.root}/a@1`, `${stage.root}/a#taken`)
      const wanted = [
        await bookmarkOf(stage, 'a@2', 'new'),
        await bookmarkOf(stage, 'a@1', 'same'),
        await bookmarkOf(stage, 'a@2', 'taken'),
        await bookmarkOf(stage, 'b@1', 'new'),
      ]
      return [...wordsOf(await stage.client.bookmark(stage.ctx, wanted)), ...(await versionsIn(stage))]
    },
    expected: ['done', 'done', 'exists', 'done', 'a: #same #taken @1 #new @2', 'b: #new @1'],
  },
  {
    name: 'bookmark: of a bookmark',
    async run(stage) {
      history(stage)
      stage.zfs('bookmark', `${stage.root}/a@1`, `${stage.root}/a#one`)
      stage.zfs('destroy', `${stage.root}/a@1`)
      const wanted = [await bookmarkOf(stage, 'a#one', 'two')]
      return [...wordsOf(await stage.client.bookmark(stage.ctx, wanted)), ...(await versionsIn(stage))]
    },
    expected: ['done', 'a: #one #two @2', 'b: @1'],
  },
  {
    name: 'destroyBookmarks: of two datasets, and one that is not there',
    async run(stage) {
      history(stage)
      stage.zfs('bookmark', `${stage.root}/a@1`, `${stage.root}/a#one`)
      stage.zfs('bookmark', `${stage.root}/b@1`, `${stage.root}/b#one`)
      const unwanted = ['a#one', 'a#missing', 'b#one'].map((name) => parseBookmarkName(full(stage, name)))
      return [
        ...wordsOf(await stage.client.destroyBookmarks(stage.ctx, unwanted)),
        ...(await versionsIn(stage)),
      ]
    },
    expected: ['done', 'done', 'done', 'a: @1 @2', 'b: @1'],
  },
  {
    name: 'destroySnapshots: held, cloned and missing ones do not keep the others',
    async run(stage) {
      history(stage)
      stage.zfs('snapshot', `${stage.root}/b@2`)
      stage.zfs('hold', 'tag', `${stage.root}/a@1`)
      stage.zfs('clone', `${stage.root}/b@2`, `${stage.root}/clone`)
      const unwanted = await judgedOf(stage, ['a@1', 'a@2', 'b@1', 'b@2', 'b@missing'])
      return [
        ...wordsOf(await stage.client.destroySnapshots(stage.ctx, unwanted)),
        ...(await versionsIn(stage)),
      ]
    },
    expected: ['busy', 'done', 'done', 'cloned', 'done', 'a: @1', 'b: @2'],
  },
  {
    name: 'destroySnapshots: one that another has the name of by now stays, and one with its dataset gone is done',
    async run(stage) {
      history(stage)
      const unwanted = [...(await judgedOf(stage, ['a@1', 'a@2'])), ...(await judgedOf(stage, ['c@1']))]
      stage.zfs('destroy', `${stage.root}/a@1`)
      stage.zfs('snapshot', `${stage.root}/a@1`)
      return [
        ...wordsOf(await stage.client.destroySnapshots(stage.ctx, unwanted)),
        ...(await versionsIn(stage)),
      ]
    },
    expected: ['unknown', 'done', 'done', 'a: @1', 'b: @1'],
  },
  {
    name: 'snapshot: of two datasets',
    async run(stage) {
      history(stage)
      const wanted = ['a@new', 'b@new'].map((name) => parseSnapshotName(full(stage, name)))
      return [...wordsOf(await stage.client.snapshot(stage.ctx, wanted)), ...(await versionsIn(stage))]
    },
    expected: ['done', 'done', 'a: @1 @2 @new', 'b: @1 @new'],
  },
  {
    name: 'snapshot: one whose name is taken keeps all of its pool from being taken',
    async run(stage) {
      history(stage)
      const wanted = ['a@2', 'b@2'].map((name) => parseSnapshotName(full(stage, name)))
      const outcomes = await stage.client.snapshot(stage.ctx, wanted)
      return [...wordsOf(outcomes), ...(await versionsIn(stage))]
    },
    expected: ['exists', 'exists', 'a: @1 @2', 'b: @1'],
  },
]

/** `a@1 a@2 b@1`. */
function history({zfs, root}: Stage): void {
  for (const words of [
    ['create', `${root}/a`],
    ['create', `${root}/b`],
    ['snapshot', `${root}/a@1`, `${root}/b@1`],
    ['snapshot', `${root}/a@2`],
  ])
    zfs(...words)
}

function full({root}: Stage, name: string): string {
  return `${root}/${name}`
}

/** Snapshots as they are now; of one that is not there the guid is anybody's guess. */
async function judgedOf(stage: Stage, names: readonly string[]): Promise<readonly JudgedSnapshot[]> {
  const versions = await listed(stage)
  return names.map((name) => {
    const [dataset = '', short = ''] = name.split('@')
    const found = versions.get(dataset)?.find((one) => one.kind === 'snapshot' && one.name === short)
    return {name: parseSnapshotName(full(stage, name)), guid: found?.guid ?? parseGuid('1')}
  })
}

function holdOf(stage: Stage, name: string, tag = 'tag') {
  return {snapshot: parseSnapshotName(full(stage, name)), tag: parseHoldTag(tag)}
}

async function bookmarkOf(stage: Stage, source: string, name: string) {
  const [dataset = ''] = source.split(/[@#]/)
  const versions = (await listed(stage)).get(dataset) ?? []
  const found = versions.find((version) => `${dataset}${shortName(version)}` === source)
  if (found === undefined) throw new Error(`no ${source}`)
  return {bookmark: parseBookmarkName(full(stage, `${dataset}#${name}`)), source: found}
}

/** ZFS has one number for what is held and what is in use. */
function wordsOf(outcomes: readonly Outcome[]): readonly string[] {
  return outcomes.map((outcome) => {
    if (outcome.kind === 'done') return 'done'
    return outcome.failure.kind === 'held' ? 'busy' : outcome.failure.kind
  })
}

async function listed({client, ctx, root}: Stage): Promise<ReadonlyMap<string, readonly Version[]>> {
  const names = ['a', 'b'].map((name) => parseDatasetName(`${root}/${name}`))
  const versions = await client.listVersions(ctx, names)
  return new Map(Array.from(versions, ([name, list]) => [name.slice(root.length + 1), list]))
}

async function versionsIn(stage: Stage): Promise<readonly string[]> {
  return Array.from(await listed(stage))
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, versions]) => `${name}: ${inOrder(versions).map(shortName).join(' ')}`)
}

/** By age, and what is of one age by kind and name. */
function inOrder(versions: readonly Version[]): readonly Version[] {
  const key = (version: Version) =>
    `${String(version.createtxg).padStart(20, '0')} ${version.kind} ${version.name}`
  return versions.toSorted((a, b) => (key(a) < key(b) ? -1 : 1))
}

async function heldIn(stage: Stage): Promise<readonly string[]> {
  const names = ['a@1', 'a@2', 'b@1'].map((name) => parseSnapshotName(full(stage, name)))
  const holds = await stage.client.holds(stage.ctx, names)
  return names.flatMap((name) => {
    const tags = holds.get(name) ?? []
    return tags.length === 0 ? [] : [`${name.slice(stage.root.length + 1)} ${tags.toSorted().join(',')}`]
  })
}
