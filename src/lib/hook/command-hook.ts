import type {CommandHook} from '../plan/hook-policy.ts'
import type {Hook, Occasion, RunHookProgram} from './hook.ts'

/**
 * A program with zrepl's environment. Around a filesystem's snapshot that is all of it, so that zrepl's scripts work:
 * `ZREPL_HOOKTYPE` (`pre_snapshot`, `post_snapshot`), `ZREPL_FS`, `ZREPL_SNAPNAME`, `ZREPL_TIMEOUT` in whole seconds,
 * and `ZREPL_DRYRUN`, which is empty: a dry run runs no hooks. Around anything else the type says so.
 */
export function createCommandHook(hook: CommandHook, occasion: Occasion, run: RunHookProgram): Hook {
  const call = (edge: 'pre' | 'post', outcome: string) => ({
    path: hook.path,
    args: hook.args,
    environment: environmentOf(hook, occasion, edge, outcome),
  })
  return {
    before: (ctx) => run(ctx, call('pre', '')),
    after: (ctx, outcome) => run(ctx, call('post', outcome)),
  }
}

function environmentOf(
  {timeoutMs}: CommandHook,
  {job, around, filesystems, snapshotName}: Occasion,
  edge: 'pre' | 'post',
  outcome: string,
): Record<string, string> {
  const common = {
    ZREPL_JOB: job,
    ZREPL_HOOKTYPE: `${edge}_${HOOK_TYPE[around]}`,
    ZREPL_DRYRUN: '',
    ZREPL_TIMEOUT: String(Math.floor(timeoutMs / 1000)),
    ZREPL_OUTCOME: outcome,
  }
  switch (around) {
    case 'filesystem':
      return {...common, ZREPL_FS: filesystems[0] ?? '', ZREPL_SNAPNAME: snapshotName ?? ''}
    case 'round':
      return {...common, ZREPL_SNAPNAME: snapshotName ?? ''}
    default:
      return common
  }
}

const HOOK_TYPE: Readonly<Record<Occasion['around'], string>> = {
  filesystem: 'snapshot',
  round: 'round',
  job: 'job',
  snapshot: 'snapshot_phase',
  replicate: 'replicate_phase',
  prune: 'prune_phase',
}
