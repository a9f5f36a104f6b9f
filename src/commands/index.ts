import type {Command} from '@oclif/core'

/**
 * The commands: the only way one comes into the executable. Loaded when run, described by the manifest that
 * `npm run generate` makes from the same table.
 */
export const COMMANDS: Readonly<Record<string, () => Promise<Command.Class>>> = {
  configcheck: async () => (await import('./configcheck.ts')).Configcheck,
  'holds:list': async () => (await import('./holds-list.ts')).HoldsList,
  'migrate:0.0.X:0.1:placeholder': async () => (await import('./migrate-placeholder.ts')).MigratePlaceholder,
  'migrate:job-name': async () => (await import('./migrate-job-name.ts')).MigrateJobName,
  'migrate:replication-cursor:v1-v2': async () =>
    (await import('./migrate-replication-cursor.ts')).MigrateReplicationCursor,
  plan: async () => (await import('./plan.ts')).Plan,
  prune: async () => (await import('./prune.ts')).Prune,
  replicate: async () => (await import('./replicate.ts')).Replicate,
  run: async () => (await import('./run.ts')).Run,
  snap: async () => (await import('./snap.ts')).Snap,
  'trace:show': async () => (await import('./trace/show.ts')).TraceShow,
  stdinserver: async () => (await import('./stdinserver.ts')).Stdinserver,
  'test:decoderesumetoken': async () => (await import('./test-decoderesumetoken.ts')).TestDecoderesumetoken,
  'test:filesystems': async () => (await import('./test-filesystems.ts')).TestFilesystems,
  'test:placeholder': async () => (await import('./test-placeholder.ts')).TestPlaceholder,
  'zfs-abstraction:list': async () => (await import('./zfs-abstraction-list.ts')).ZfsAbstractionList,
  'zfs-abstraction:release-all': async () =>
    (await import('./zfs-abstraction-release-all.ts')).ZfsAbstractionReleaseAll,
  'zfs-abstraction:release-stale': async () =>
    (await import('./zfs-abstraction-release-stale.ts')).ZfsAbstractionReleaseStale,
}
