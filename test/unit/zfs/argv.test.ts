import {describe, expect, test} from 'vitest'
import {Bug} from '../../../src/lib/core/assert.ts'
import {
  abortReceiveCommand,
  bookmarkCommand,
  createPlaceholderCommand,
  destroyBookmarkCommand,
  destroySnapshotsCommand,
  estimateCommand,
  holdCommand,
  listDatasetsCommand,
  listHoldsCommand,
  listVersionsCommand,
  receiveCommand,
  releaseCommand,
  sendCommand,
  setKeyLocationCommand,
  setPlaceholderCommand,
  snapshotCommand,
  type ZfsCommand,
} from '../../../src/lib/zfs/argv.ts'
import type {SendArgs, SendFlags} from '../../../src/lib/zfs/client.ts'
import {
  type BookmarkName,
  type DatasetName,
  parseBookmarkName,
  parseCreatetxg,
  parseDatasetName,
  parseGuid,
  parseHoldTag,
  parseSnapshotName,
  type SnapshotName,
} from '../../../src/lib/zfs/name.ts'
import type {Bookmark, Snapshot} from '../../../src/lib/zfs/version.ts'
import {PLAIN} from '../../send-flags.ts'

const fs = parseDatasetName('tank/a b')
const tag = parseHoldTag('zrepl_STEP_J_job')
const common = {filesystem: fs, guid: parseGuid('7'), createtxg: parseCreatetxg('7'), creation: 0}
const to: Snapshot = {...common, kind: 'snapshot', name: 'to', userrefs: 0}
const from: Snapshot = {...common, kind: 'snapshot', name: 'from', userrefs: 0}
const mark: Bookmark = {...common, kind: 'bookmark', name: 'mark'}
const all: SendFlags = {
  saved: true,
  embedded: true,
  compressed: true,
  largeBlocks: true,
  backupProperties: true,
  properties: true,
  raw: true,
}
const token = '1-ab-c0-789c'

function words({program, argv}: ZfsCommand): readonly string[] {
  return [program, ...argv]
}

function snapshots(...names: readonly string[]): readonly SnapshotName[] {
  return names.map(parseSnapshotName)
}

describe('listing', () => {
  const roots = [parseDatasetName('tank/a'), parseDatasetName('tank/b')]
  const properties = 'type,receive_resume_token,encryption,keystatus,written,zrepl:placeholder'

  test('datasets: one process, and no received or inherited property', () => {
    const command = listDatasetsCommand({roots, recursive: true})
    expect(words(command).join(' ')).toBe(
      `zfs get -Hp -r -t filesystem,volume -s local,default,none -o name,property,value,source ${properties} tank/a tank/b`,
    )
    expect(command.mutates).toBe(false)
  })
  test('datasets without their children', () => {
    expect(listDatasetsCommand({roots, recursive: false}).argv.slice(0, 4)).toEqual(['get', '-Hp', '-d', '0'])
  })
  test('all pools: no operand', () => {
    expect(listDatasetsCommand({roots: [], recursive: true}).argv.at(-1)).toBe(properties)
    expect(listVersionsCommand({roots: [], recursive: true}).argv.at(-1)).toBe('-r')
  })
  test('versions', () => {
    expect(words(listVersionsCommand({roots, recursive: true})).join(' ')).toBe(
      'zfs list -Hp -t snapshot,bookmark -o name,guid,createtxg,creation,userrefs,clones -s createtxg -r tank/a tank/b',
    )
    expect(words(listVersionsCommand({roots: [fs], recursive: false}))).toEqual(
      'zfs list -Hp -t snapshot,bookmark -o name,guid,createtxg,creation,userrefs,clones -s createtxg -d 1 -r'
        .split(' ')
        .concat('tank/a b'),
    )
  })
  test('holds', () => {
    expect(words(listHoldsCommand(snapshots('tank@a', 'tank/a b@c')))).toEqual([
      'zfs',
      'holds',
      '-H',
      'tank@a',
      'tank/a b@c',
    ])
  })
})

describe('changing', () => {
  test.each<[string, ZfsCommand, readonly string[]]>([
    ['snapshot', snapshotCommand(snapshots('tank@x', 'tank/a b@x')), ['snapshot', 'tank@x', 'tank/a b@x']],
    [
      'hold',
      holdCommand(tag, snapshots('tank@x', 'tank/b@y')),
      ['hold', 'zrepl_STEP_J_job', 'tank@x', 'tank/b@y'],
    ],
    ['release', releaseCommand(tag, snapshots('tank@x')), ['release', 'zrepl_STEP_J_job', 'tank@x']],
    [
      'bookmark of a snapshot',
      bookmarkCommand({bookmark: parseBookmarkName('tank/a b#m'), source: to}),
      ['bookmark', 'tank/a b@to', 'tank/a b#m'],
    ],
    [
      'bookmark of a bookmark',
      bookmarkCommand({bookmark: parseBookmarkName('tank/a b#m'), source: mark}),
      ['bookmark', 'tank/a b#mark', 'tank/a b#m'],
    ],
    ['destroy one', destroySnapshotsCommand(snapshots('tank/a@x')), ['destroy', 'tank/a@x']],
    [
      'destroy many',
      destroySnapshotsCommand(snapshots('tank/a@x', 'tank/a@-y', 'tank/a@ z')),
      ['destroy', 'tank/a@x,-y, z'],
    ],
    ['destroy bookmark', destroyBookmarkCommand(parseBookmarkName('tank/a#m')), ['destroy', 'tank/a#m']],
    [
      'placeholder',
      createPlaceholderCommand(fs, 'inherit'),
      ['create', '-o', 'zrepl:placeholder=on', '-o', 'mountpoint=none', 'tank/a b'],
    ],
    [
      'placeholder without encryption',
      createPlaceholderCommand(fs, 'off'),
      ['create', '-o', 'zrepl:placeholder=on', '-o', 'mountpoint=none', '-o', 'encryption=off', 'tank/a b'],
    ],
    ['set placeholder', setPlaceholderCommand(fs, 'off'), ['set', 'zrepl:placeholder=off', 'tank/a b']],
    ['set key location', setKeyLocationCommand(fs, 'prompt'), ['set', 'keylocation=prompt', 'tank/a b']],
    ['abort', abortReceiveCommand(fs), ['receive', '-A', 'tank/a b']],
  ])('%s', (_, command, argv) => expect(command).toEqual({program: 'zfs', argv, mutates: true}))

  test('receive forces only for a placeholder', () => {
    const args = {to: parseSnapshotName('tank/a@x'), inherit: [], override: new Map()}
    expect(receiveCommand({...args, replacesPlaceholder: false}).argv).toEqual([
      'receive',
      '-s',
      '-u',
      'tank/a@x',
    ])
    expect(receiveCommand({...args, replacesPlaceholder: true}).argv).toEqual([
      'receive',
      '-s',
      '-u',
      '-F',
      'tank/a@x',
    ])
  })
  test('receive with properties, values as they are', () => {
    const command = receiveCommand({
      to: parseSnapshotName('tank/a@x'),
      replacesPlaceholder: false,
      inherit: ['mountpoint', 'org:a-b.c_d'],
      override: new Map([
        ['canmount', 'off'],
        ['org:x', '-F a=b'],
      ]),
    })
    expect(command.argv.slice(1)).toEqual([
      '-s',
      '-u',
      '-x',
      'mountpoint',
      '-x',
      'org:a-b.c_d',
      '-o',
      'canmount=off',
      '-o',
      'org:x=-F a=b',
      'tank/a@x',
    ])
    expect(command.mutates).toBe(true)
  })
})

describe('send', () => {
  const args: SendArgs = {to, from: undefined, flags: PLAIN, resumeToken: undefined}

  test.each<[string, Partial<SendArgs>, readonly string[]]>([
    ['full', {}, ['send', 'tank/a b@to']],
    ['incremental', {from}, ['send', '-i', 'tank/a b@from', 'tank/a b@to']],
    ['from a bookmark', {from: mark}, ['send', '-i', 'tank/a b#mark', 'tank/a b@to']],
    [
      'every flag, in order',
      {from, flags: all},
      ['send', '-w', '-p', '-b', '-L', '-c', '-e', '-S', '-i', 'tank/a b@from', 'tank/a b@to'],
    ],
    ['raw', {flags: {...PLAIN, raw: true}}, ['send', '-w', 'tank/a b@to']],
    ['resumed', {resumeToken: token, from}, ['send', '-t', token]],
    ['resumed raw, whatever else', {resumeToken: token, from, flags: all}, ['send', '-w', '-t', token]],
  ])('%s', (_, change, argv) => {
    expect(sendCommand({...args, ...change})).toEqual({program: 'zfs', argv, mutates: false})
    expect(estimateCommand({...args, ...change})).toEqual({
      program: 'zfs',
      argv: ['send', '-n', '-v', '-P', ...argv.slice(1)],
      mutates: false,
    })
  })
})

describe('what must never be built is a bug', () => {
  const evil = <T extends string>(name: string) => name as unknown as T
  test.each<[string, () => ZfsCommand]>([
    ['dataset like an option', () => abortReceiveCommand(evil<DatasetName>('-r'))],
    ['root like an option', () => listDatasetsCommand({roots: [evil('-r')], recursive: true})],
    ['snapshot like an option', () => snapshotCommand([evil<SnapshotName>('-r@x')])],
    ['hold tag like an option', () => holdCommand(parseHoldTag('-r'), snapshots('tank@x'))],
    ['release tag like an option', () => releaseCommand(parseHoldTag('-r'), snapshots('tank@x'))],
    ['empty name', () => setPlaceholderCommand(evil<DatasetName>(''), 'on')],
    ['hold nothing', () => holdCommand(tag, [])],
    ['release nothing', () => releaseCommand(tag, [])],
    ['snapshot nothing', () => snapshotCommand([])],
    ['holds of nothing', () => listHoldsCommand([])],
    ['snapshot two pools', () => snapshotCommand(snapshots('tank@x', 'pool@x'))],
    ['destroy nothing', () => destroySnapshotsCommand([])],
    ['destroy of two datasets', () => destroySnapshotsCommand(snapshots('tank/a@x', 'tank/b@x'))],
    ['destroy a dataset', () => destroySnapshotsCommand([evil<SnapshotName>('tank/a')])],
    ['destroy a range', () => destroySnapshotsCommand([evil<SnapshotName>('tank/a@%')])],
    ['destroy a range between', () => destroySnapshotsCommand([evil<SnapshotName>('tank/a@a%b')])],
    ['destroy a list in a name', () => destroySnapshotsCommand([evil<SnapshotName>('tank/a@a,b')])],
    ['destroy an empty name', () => destroySnapshotsCommand([evil<SnapshotName>('tank/a@')])],
    ['destroy a bookmark as snapshot', () => destroySnapshotsCommand([evil<SnapshotName>('tank/a#b')])],
    ['destroy a name with two @', () => destroySnapshotsCommand([evil<SnapshotName>('tank/a@b@c')])],
    ['destroy a snapshot as bookmark', () => destroyBookmarkCommand(evil<BookmarkName>('tank/a@b'))],
    ['destroy a dataset as bookmark', () => destroyBookmarkCommand(evil<BookmarkName>('tank/a'))],
    ['destroy a list as bookmark', () => destroyBookmarkCommand(evil<BookmarkName>('tank/a#a,b'))],
    ['destroy an option', () => destroyBookmarkCommand(evil<BookmarkName>('-r#a'))],
    ['placeholder for a pool', () => createPlaceholderCommand(parseDatasetName('tank'), 'off')],
    [
      'bookmark in another dataset',
      () => bookmarkCommand({bookmark: parseBookmarkName('tank#m'), source: to}),
    ],
    [
      'send between datasets',
      () =>
        sendCommand({
          to,
          from: {...from, filesystem: parseDatasetName('tank')},
          flags: PLAIN,
          resumeToken: undefined,
        }),
    ],
    ['token like an option', () => sendCommand({to, from, flags: PLAIN, resumeToken: '-R'})],
    ['token with a name in it', () => sendCommand({to, from, flags: PLAIN, resumeToken: '1-a-b-c tank@x'})],
    ...['-x', 'a=b', 'a b', '', 'é', 'a'.repeat(257)].map((property): [string, () => ZfsCommand] => [
      `property ${property}`,
      () =>
        receiveCommand({
          to: parseSnapshotName('tank/a@x'),
          replacesPlaceholder: false,
          inherit: [property],
          override: new Map(),
        }),
    ]),
  ])('%s', (_, build) => expect(build).toThrow(Bug))
})
