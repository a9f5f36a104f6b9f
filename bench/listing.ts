import {parseJobId} from '../src/lib/abstraction/job-id.ts'
import {planReplication} from '../src/lib/plan/job-plan.ts'
import type {SideView} from '../src/lib/plan/observation.ts'
import {judgeAlone} from '../src/lib/prune/judge-side.ts'
import {parseDatasetName} from '../src/lib/zfs/name.ts'
import {createListReader} from '../src/lib/zfs/read-list.ts'

/**
 * Reads and plans a listing of so many snapshots on a thousandth as many filesystems, and a receiver that lacks the
 * newest of each; then judges all of them: `listing SNAPSHOTS`. A process of its own, so that its memory can be told:
 * the most it has had.
 */
const count = Number(process.argv[2] ?? 100_000)
const PER_FILESYSTEM = 1000
const PIECE_BYTES = 65_536
const filesystems = Math.max(1, Math.round(count / PER_FILESYSTEM))

const printingMicros = cpuOf(() => {
  for (const snapshots of [PER_FILESYSTEM, PER_FILESYSTEM - 1]) for (const _ of printed(snapshots));
})
const before = process.cpuUsage()
const begun = performance.now()

const views = {sender: viewOf(PER_FILESYSTEM), receiver: viewOf(PER_FILESYSTEM - 1)}
const listedMs = performance.now() - begun
const {filesystems: plans} = planReplication({
  ...views,
  policy: {
    initialReplication: 'all',
    diverged: 'fail',
    protection: {initial: 'guarantee_resumability', incremental: 'guarantee_resumability'},
    snapshots: {},
    concurrentSteps: 1,
  },
})
const verdicts = judgeAlone(views.sender, {
  rules: [{type: 'last_n', count: 10, regex: undefined}],
  running: new Map(),
  agreed: true,
  nowMs: Date.UTC(2026, 0, 1),
})

const {user, system} = process.cpuUsage(before)
console.log(
  JSON.stringify({
    snapshots: count,
    steps: plans.filter(({kind}) => kind === 'steps').length,
    judged: verdicts.length,
    listedMs: Math.round(listedMs),
    wallMs: Math.round(performance.now() - begun),
    // What `zfs` spends on printing is not ours.
    cpuMs: Math.round((user + system - printingMicros) / 1000),
    rssMiB: Math.round(process.resourceUsage().maxRSS / 1024),
  }),
)

function cpuOf(work: () => void): number {
  const before = process.cpuUsage()
  work()
  const {user, system} = process.cpuUsage(before)
  return user + system
}

/** What `zfs list` prints, in pieces as a pipe gives them. */
function* printed(snapshots: number): Generator<Uint8Array> {
  let text = ''
  for (let index = 0; index < snapshots; index += 1) {
    for (let filesystem = 0; filesystem < filesystems; filesystem += 1) {
      const serial = BigInt(index * filesystems + filesystem)
      const guid = 10_000_000_000_000_000_000n + serial
      text += `tank/data/f${filesystem}@zrepl_${index}\t${guid}\t${serial + 5n}\t${1_700_000_000 + index * 3600}\t0\t-\n`
      if (text.length < PIECE_BYTES) continue
      yield Buffer.from(text.slice(0, PIECE_BYTES), 'latin1')
      text = text.slice(PIECE_BYTES)
    }
  }
  yield Buffer.from(text, 'latin1')
}

function viewOf(snapshots: number): SideView {
  const reader = createListReader({roots: [parseDatasetName('tank/data')], recursive: true})
  for (const piece of printed(snapshots)) reader.take(piece)
  const versions = reader.end()
  return {
    jobId: parseJobId('bench'),
    filesystems: Array.from(versions, ([filesystem, versions]) => ({
      filesystem,
      type: 'filesystem',
      placeholder: false,
      encrypted: false,
      resumeToken: undefined,
      written: 0n,
      sending: {kind: 'allowed', raw: false},
      versions,
      holds: new Map(),
    })),
  }
}
