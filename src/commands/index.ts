import type {Command} from '@oclif/core'

/**
 * The commands: the only way one comes into the executable. Loaded when run, described by the manifest that
 * `npm run generate` makes from the same table.
 */
export const COMMANDS: Readonly<Record<string, () => Promise<Command.Class>>> = {
  configcheck: async () => (await import('./configcheck.ts')).Configcheck,
  'holds:list': async () => (await import('./holds-list.ts')).HoldsList,
  plan: async () => (await import('./plan.ts')).Plan,
  prune: async () => (await import('./prune.ts')).Prune,
  replicate: async () => (await import('./replicate.ts')).Replicate,
  run: async () => (await import('./run.ts')).Run,
  snap: async () => (await import('./snap.ts')).Snap,
  stdinserver: async () => (await import('./stdinserver.ts')).Stdinserver,
  'zfs-abstraction:list': async () => (await import('./zfs-abstraction-list.ts')).ZfsAbstractionList,
  'zfs-abstraction:release-all': async () =>
    (await import('./zfs-abstraction-release-all.ts')).ZfsAbstractionReleaseAll,
  'zfs-abstraction:release-stale': async () =>
    (await import('./zfs-abstraction-release-stale.ts')).ZfsAbstractionReleaseStale,
}
