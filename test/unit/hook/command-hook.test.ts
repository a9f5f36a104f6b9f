import fc from 'fast-check'
import {expect, test} from 'vitest'
import {parseJobId} from '../../../src/lib/abstraction/job-id.ts'
import {createCommandHook} from '../../../src/lib/hook/command-hook.ts'
import type {HookProgramCall, Occasion} from '../../../src/lib/hook/hook.ts'
import type {CommandHook} from '../../../src/lib/plan/hook-policy.ts'
import {NameError, parseComponent, parseDatasetName} from '../../../src/lib/zfs/name.ts'
import {nearly, RUNS} from '../fuzz/inputs.ts'
import {testContext} from '../zfs-client/scripted-program.ts'

const HOOK = {
  path: '/usr/local/bin/hook',
  args: ['--for', '$ZREPL_FS'],
  timeoutMs: 30_500,
  errIsFatal: false,
} as unknown as CommandHook

/** What the hook's program is called with before and after. */
async function callsOf(occasion: Occasion): Promise<readonly HookProgramCall[]> {
  const calls: HookProgramCall[] = []
  const hook = createCommandHook(HOOK, occasion, async (_, call) => void calls.push(call))
  await hook.before(testContext())
  await hook.after(testContext(), 'ok')
  return calls
}

test('a hook around a snapshot is told what zrepl tells it', async () => {
  const around = {around: 'filesystem', filesystems: ['tank/a b'], snapshotName: 'zrepl_1'} as const
  const environment = {
    ZREPL_JOB: 'snaps',
    ZREPL_DRYRUN: '',
    ZREPL_TIMEOUT: '30',
    ZREPL_FS: 'tank/a b',
    ZREPL_SNAPNAME: 'zrepl_1',
  }
  expect(await callsOf({job: 'snaps', ...around})).toEqual([
    {
      path: HOOK.path,
      args: HOOK.args,
      environment: {...environment, ZREPL_HOOKTYPE: 'pre_snapshot', ZREPL_OUTCOME: ''},
    },
    {
      path: HOOK.path,
      args: HOOK.args,
      environment: {...environment, ZREPL_HOOKTYPE: 'post_snapshot', ZREPL_OUTCOME: 'ok'},
    },
  ])
})

/** Names as they come in, or `undefined` when they are refused. */
function taken(text: string): Pick<Occasion, 'job' | 'filesystems' | 'snapshotName'> | undefined {
  try {
    return {
      job: parseJobId(text),
      filesystems: [parseDatasetName(`tank/${text}`)],
      snapshotName: parseComponent(text),
    }
  } catch (error) {
    if (error instanceof NameError) return undefined
    throw error
  }
}

test('whatever a name is that was taken, its words and its environment are the operator’s and printable (T38)', async () => {
  let some = 0
  await fc.assert(
    fc.asyncProperty(nearly(['data', 'a b', 'zrepl_2026', '-x', '$(id)', 'a;b', '`id`']), async (text) => {
      const names = taken(text)
      if (names === undefined) return
      some += 1
      for (const {path, args, environment} of await callsOf({...names, around: 'filesystem'})) {
        expect({path, args}).toEqual({path: HOOK.path, args: HOOK.args})
        expect(Object.keys(environment).every((name) => /^ZREPL_[A-Z]+$/.test(name))).toBe(true)
        expect(Object.values(environment).join('')).toMatch(/^[A-Za-z0-9_.:/ -]*$/)
      }
    }),
    RUNS,
  )
  expect(some).toBeGreaterThan(10)
})
