import {execFileSync} from 'node:child_process'
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import {join} from 'node:path'
import {afterEach, beforeEach, describe, expect, test} from 'vitest'
import {createListingFile} from '../../../src/lib/host/listing-file.ts'
import {parseDatasetName, parseGuid} from '../../../src/lib/zfs/name.ts'
import {parseKeptListing} from '../../../src/lib/zfs-client/kept-listing.ts'
import type {KeptListing} from '../../../src/lib/zfs-client/listing-memory.ts'
import {temporaryDirectory} from './helpers.ts'

let directory: ReturnType<typeof temporaryDirectory>
beforeEach(() => {
  directory = temporaryDirectory()
})
afterEach(() => directory[Symbol.dispose]())

const state = () => join(directory.path, 'state', 'zrepl')
const places = () => ({stateDirectory: state(), lockDirectory: join(directory.path, 'locks')})
const LISTING: KeptListing = {
  aheadMs: 5,
  loadGuids: new Map([['p', parseGuid('7')]]),
  datasets: new Map(),
}

/** As a run does: it looks at what there is before it keeps anything. */
function keep(listing: KeptListing, memory = createListingFile(places(), 'job')) {
  memory.recall()
  memory.keep(listing)
  return memory
}

function pathOfOnly(): string {
  const [name = ''] = readdirSync(join(state(), 'listings'))
  return join(state(), 'listings', name)
}

test('what one process keeps, the next one recalls, each owner its own', () => {
  keep(LISTING)
  expect(createListingFile(places(), 'job').recall()).toEqual(LISTING)
  expect(createListingFile(places(), 'job\nclient').recall()).toBeUndefined()
})

const CHANGED = {kind: 'changed' as const, dataset: parseDatasetName('p/a')}

test('news are added at the end, and without a file nothing is made', () => {
  const memory = createListingFile(places(), 'job')
  memory.note(CHANGED)
  expect(memory.recall()).toBeUndefined()
  keep(LISTING, memory)
  memory.note(CHANGED)
  expect(readFileSync(pathOfOnly(), 'utf8').endsWith('"end"\n{"changed":"p/a"}\n')).toBe(true)
})

test('what another process has noted meanwhile is not written over', () => {
  const [one, other] = [createListingFile(places(), 'job'), createListingFile(places(), 'job')]
  keep(LISTING, one)
  one.recall()
  other.note(CHANGED)
  one.keep({...LISTING, aheadMs: 6})
  expect(readFileSync(pathOfOnly(), 'utf8')).toContain('"changed"')
})

test('a directory that others can write is not believed, and a state directory that cannot be made fails nothing', () => {
  keep(LISTING)
  chmodSync(join(state(), 'listings'), 0o777)
  expect(createListingFile(places(), 'job').recall()).toBeUndefined()
  writeFileSync(join(directory.path, 'file'), '')
  const nowhere = createListingFile(
    {...places(), stateDirectory: join(directory.path, 'file', 'state')},
    'job',
  )
  nowhere.keep(LISTING)
  expect(nowhere.recall()).toBeUndefined()
})

test('what cannot be added to is removed, and the next process has nothing', () => {
  const memory = keep(LISTING)
  const path = pathOfOnly()
  rmSync(path)
  symlinkSync('/dev/null', path)
  expect(memory.note(CHANGED)).toBe(`cannot add to '${path}': ELOOP`)
  expect(readdirSync(join(state(), 'listings'))).toEqual([])
  expect(memory.note(CHANGED)).toBeUndefined()
  expect(createListingFile(places(), 'job').recall()).toBeUndefined()
})

test('what can neither be changed nor removed is not believed when it is all right again, until it is replaced', () => {
  const memory = keep(LISTING)
  const path = pathOfOnly()
  const text = readFileSync(path, 'utf8')
  rmSync(path)
  mkdirSync(path)
  expect(memory.note(CHANGED)).toBe(`cannot add to '${path}': EISDIR`)
  rmdirSync(path)
  writeFileSync(path, text)
  const next = createListingFile(places(), 'job')
  expect(next.recall()).toBeUndefined()
  expect(createListingFile(places(), 'another').recall()).toBeUndefined()
  next.keep({...LISTING, aheadMs: 6})
  expect(createListingFile(places(), 'job').recall()).toEqual({...LISTING, aheadMs: 6})
  expect(readdirSync(places().lockDirectory)).toEqual([])
})

test('a process that has looked before the loss keeps nothing over it', () => {
  const [one, other] = [keep(LISTING), createListingFile(places(), 'job')]
  const path = pathOfOnly()
  const text = readFileSync(path, 'utf8')
  rmSync(path)
  mkdirSync(path)
  one.note(CHANGED)
  other.recall()
  one.note(CHANGED)
  rmdirSync(path)
  writeFileSync(path, text)
  other.keep(LISTING)
  expect(createListingFile(places(), 'job').recall()).toBeUndefined()
})

test('what cannot even be marked is told with what to do', () => {
  const memory = keep(LISTING)
  // Nobody makes a mark where others could remove it.
  mkdirSync(places().lockDirectory)
  chmodSync(places().lockDirectory, 0o777)
  const path = pathOfOnly()
  rmSync(path)
  mkdirSync(path)
  expect(memory.note(CHANGED)).toBe(
    `cannot add to '${path}': EISDIR; remove it before the next run, which would believe it`,
  )
})

describe.skipIf(!canMount())('on a file system of its own', () => {
  beforeEach(() => {
    mkdirSync(state(), {recursive: true, mode: 0o700})
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k,mode=700', 'zrepl-test', state()])
  })
  afterEach(() => void execFileSync('umount', [state()]))

  test('that is full, the listing is removed', () => {
    const memory = keep(LISTING)
    const path = pathOfOnly()
    expect(() => writeFileSync(join(state(), 'ballast'), Buffer.alloc(128 * 1024))).toThrow('ENOSPC')
    const long = {kind: 'changed' as const, dataset: parseDatasetName(`p/${'a'.repeat(200)}`)}
    const told = Array.from({length: 40}, () => memory.note(long))
    expect(told.filter((why) => why !== undefined)).toEqual([`cannot add to '${path}': ENOSPC`])
    expect(createListingFile(places(), 'job').recall()).toBeUndefined()
  })

  test('that gets read-only and writable again, the listing is not believed any more', () => {
    const memory = keep(LISTING)
    const path = pathOfOnly()
    execFileSync('mount', ['-o', 'remount,ro', state()])
    expect(memory.note(CHANGED)).toBe(`cannot add to '${path}': EROFS`)
    execFileSync('mount', ['-o', 'remount,rw', state()])
    expect(parseKeptListing(readFileSync(path, 'utf8'))).toEqual(LISTING)
    expect(createListingFile(places(), 'job').recall()).toBeUndefined()
  })
})

/** Whether this process may mount anything here; who may not, sees the same in the tests above. */
function canMount(): boolean {
  using place = temporaryDirectory()
  try {
    execFileSync('mount', ['-t', 'tmpfs', 'zrepl-test', place.path], {stdio: 'ignore'})
    execFileSync('umount', [place.path])
    return true
  } catch {
    return false
  }
}

test('Linux tells how long it has been up', () => {
  const {wallMs, upMs} = createListingFile(places(), 'job').readClocks() ?? {wallMs: 0, upMs: 0}
  expect(Math.abs(Date.now() - wallMs)).toBeLessThan(60_000)
  expect(upMs).toBeGreaterThan(0)
})
