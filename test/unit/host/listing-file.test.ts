import {chmodSync, readdirSync, readFileSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {afterEach, beforeEach, expect, test} from 'vitest'
import {createListingFile} from '../../../src/lib/host/listing-file.ts'
import {parseDatasetName, parseGuid} from '../../../src/lib/zfs/name.ts'
import type {KeptListing} from '../../../src/lib/zfs-client/listing-memory.ts'
import {temporaryDirectory} from './helpers.ts'

let directory: ReturnType<typeof temporaryDirectory>
beforeEach(() => {
  directory = temporaryDirectory()
})
afterEach(() => directory[Symbol.dispose]())

const state = () => join(directory.path, 'state', 'zrepl')
const LISTING: KeptListing = {
  aheadMs: 5,
  loadGuids: new Map([['p', parseGuid('7')]]),
  datasets: new Map(),
}

/** As a run does: it looks at what there is before it keeps anything. */
function keep(listing: KeptListing, memory = createListingFile(state(), 'job')) {
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
  expect(createListingFile(state(), 'job').recall()).toEqual(LISTING)
  expect(createListingFile(state(), 'job\nclient').recall()).toBeUndefined()
})

const CHANGED = {kind: 'changed' as const, dataset: parseDatasetName('p/a')}

test('news are added at the end, and without a file nothing is made', () => {
  const memory = createListingFile(state(), 'job')
  memory.note(CHANGED)
  expect(memory.recall()).toBeUndefined()
  keep(LISTING, memory)
  memory.note(CHANGED)
  expect(readFileSync(pathOfOnly(), 'utf8').endsWith('"end"\n{"changed":"p/a"}\n')).toBe(true)
})

test('what another process has noted meanwhile is not written over', () => {
  const [one, other] = [createListingFile(state(), 'job'), createListingFile(state(), 'job')]
  keep(LISTING, one)
  one.recall()
  other.note(CHANGED)
  one.keep({...LISTING, aheadMs: 6})
  expect(readFileSync(pathOfOnly(), 'utf8')).toContain('"changed"')
})

test('a directory that others can write is not believed, and a state directory that cannot be made fails nothing', () => {
  keep(LISTING)
  chmodSync(join(state(), 'listings'), 0o777)
  expect(createListingFile(state(), 'job').recall()).toBeUndefined()
  writeFileSync(join(directory.path, 'file'), '')
  const nowhere = createListingFile(join(directory.path, 'file', 'state'), 'job')
  nowhere.keep(LISTING)
  expect(nowhere.recall()).toBeUndefined()
})

test('Linux tells how long it has been up', () => {
  const {wallMs, upMs} = createListingFile(state(), 'job').readClocks() ?? {wallMs: 0, upMs: 0}
  expect(Math.abs(Date.now() - wallMs)).toBeLessThan(60_000)
  expect(upMs).toBeGreaterThan(0)
})
