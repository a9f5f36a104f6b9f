import {expect, test} from 'vitest'
import {ceilingMs} from '../../../src/lib/rpc/ceiling.ts'
import {objectsOf} from '../../../src/lib/rpc/objects-of.ts'
import type {Request} from '../../../src/lib/rpc/request.ts'
import {parseDatasetName, parseGuid} from '../../../src/lib/zfs/name.ts'

const filesystem = parseDatasetName('tank/a')
const guid = parseGuid('7')
const MINUTES = 60_000
const HOURS = 60 * MINUTES
const snapshots = (count: number) => Array.from({length: count}, (_, index) => ({name: `s${index}`, guid}))

test.each<[Request, number, number]>([
  [{verb: 'alive'}, 0, 10 * MINUTES],
  [{verb: 'settle'}, 0, 10 * MINUTES],
  [{verb: 'observe', confirm: undefined}, 0, 6 * HOURS + 2 * MINUTES],
  [{verb: 'observe', confirm: [filesystem]}, 1, 6 * HOURS + 2 * MINUTES + 20_000],
  [{verb: 'abort-partial', filesystems: [filesystem, filesystem]}, 2, 6 * HOURS + 2 * MINUTES + 40_000],
  [
    {
      verb: 'protect',
      requests: [{filesystem, from: undefined, to: [guid, guid], protection: 'guarantee_nothing'}],
    },
    3,
    6 * HOURS + 3 * MINUTES,
  ],
  [
    {verb: 'complete', requests: [{filesystem, to: guid, protection: 'guarantee_nothing'}]},
    1,
    6 * HOURS + 2 * MINUTES + 20_000,
  ],
  [
    {verb: 'destroy', requests: [{filesystem, snapshots: snapshots(1999)}]},
    2000,
    17 * HOURS + 8 * MINUTES + 40_000,
  ],
])('%j may take as long as its commands may', (request, objects, ms) => {
  expect(objectsOf(request)).toBe(objects)
  expect(ceilingMs(request)).toBe(ms)
})
