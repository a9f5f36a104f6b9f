import {expect, test} from 'vitest'
import {parseJobId} from '../../../src/lib/abstraction/job-id.ts'
import {parseFilter} from '../../../src/lib/scope/filter.ts'
import {judgeV1Cursors} from '../../../src/lib/upkeep/v1-cursor.ts'
import {parseDatasetName} from '../../../src/lib/zfs/name.ts'
import {byCreatetxg} from '../../../src/lib/zfs/version.ts'
import {ours} from './ours.ts'

const TANK = parseDatasetName('tank/a')

/** Jobs as `name pattern`, objects as `ours` takes them without their filesystem. */
function judge(jobs: readonly string[], objects: readonly string[]): readonly string[] {
  const sending = jobs.map((text) => {
    const [name = '', pattern = ''] = text.split(' ')
    return {name: parseJobId(name), filesystems: parseFilter(new Map([[pattern, true]]))}
  })
  const versions = objects.map((text) => ours(`tank/a ${text}`).version).sort(byCreatetxg)
  return judgeV1Cursors(new Map([[TANK, versions]]), sending).map(
    ({owner, change}) => `${change.state} ${owner ?? '-'}: ${change.because}`,
  )
}

test.each<[string, string[], string[], string[]]>([
  ['no v1 cursor', ['a tank<'], ['cursor a 5'], []],
  [
    'a newer cursor of the one job',
    ['a tank<'],
    ['v1 - 4', 'cursor a 5'],
    ['planned a: replaced by tank/a#zrepl_CURSOR_G_000000000000005f_J_a'],
  ],
  [
    'a cursor at the same version, and an older one',
    ['a tank<'],
    ['v1 - 5', 'cursor a 5', 'cursor a 3'],
    ['planned a: replaced by tank/a#zrepl_CURSOR_G_000000000000005f_J_a'],
  ],
  [
    'an older cursor',
    ['a tank<'],
    ['v1 - 5', 'cursor a 4'],
    ['failed -: it is newer than the replication cursor of job a; let that job replicate first'],
  ],
  [
    'a newer cursor of another job',
    ['a tank<'],
    ['v1 - 5', 'cursor b 6'],
    ['failed -: job a has no replication cursor here yet; let it replicate first'],
  ],
  [
    'a newer tentative cursor',
    ['a tank<'],
    ['v1 - 5', 'tentative a 6', 'step a 6'],
    ['failed -: job a has no replication cursor here yet; let it replicate first'],
  ],
  [
    'two jobs with the filesystem',
    ['a tank<', 'b tank/a'],
    ['v1 - 4', 'cursor a 5', 'cursor b 5'],
    ['conflict -: it could be of any of the jobs a, b'],
  ],
  [
    'one job with the filesystem, one without',
    ['b home<', 'a tank<'],
    ['v1 - 4', 'cursor a 5'],
    ['planned a: replaced by tank/a#zrepl_CURSOR_G_000000000000005f_J_a'],
  ],
  [
    'no job with the filesystem',
    ['b home<'],
    ['v1 - 4', 'cursor b 5'],
    ['skipped -: no push or source job has this filesystem'],
  ],
])('%s', (_, jobs, objects, expected) => expect(judge(jobs, objects)).toEqual(expected))
