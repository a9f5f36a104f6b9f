import type {Command} from '@oclif/core'

/**
 * The commands: the only way one comes into the executable. Loaded when run, described by the manifest that
 * `npm run generate` makes from the same table.
 */
export const COMMANDS: Readonly<Record<string, () => Promise<Command.Class>>> = {
  configcheck: async () => (await import('./configcheck.ts')).Configcheck,
  explain: async () => (await import('./explain.ts')).Explain,
  'holds:list': async () => (await import('./holds-list.ts')).HoldsList,
  'holds:release': async () => (await import('./holds-release.ts')).HoldsRelease,
  'migrate:0.0.X:0.1:placeholder': async () => (await import('./migrate-placeholder.ts')).MigratePlaceholder,
  'migrate:job-name': async () => (await import('./migrate-job-name.ts')).MigrateJobName,
  'migrate:replication-cursor:v1-v2': async () =>
    (await import('./migrate-replication-cursor.ts')).MigrateReplicationCursor,
  plan: async () => (await import('./plan.ts')).Plan,
  prune: async () => (await import('./prune.ts')).Prune,
  replicate: async () => (await import('./replicate.ts')).Replicate,
  run: async () => (await import('./run.ts')).Run,
  snap: async () => (await import('./snap.ts')).Snap,
  status: async () => (await import('./status.ts')).Status,
  stdinserver: async () => (await import('./stdinserver.ts')).Stdinserver,
  'test:decoderesumetoken': async () => (await import('./test-decoderesumetoken.ts')).TestDecoderesumetoken,
  'test:filesystems': async () => (await import('./test-filesystems.ts')).TestFilesystems,
  'test:placeholder': async () => (await import('./test-placeholder.ts')).TestPlaceholder,
  timers: async () => (await import('./timers.ts')).Timers,
  'trace:export': async () => (await import('./trace-export.ts')).TraceExport,
  'trace:list': async () => (await import('./trace-list.ts')).TraceList,
  'trace:show': async () => (await import('./trace-show.ts')).TraceShow,
  'zfs-abstraction:list': async () => (await import('./zfs-abstraction-list.ts')).ZfsAbstractionList,
  'zfs-abstraction:release-all': async () =>
    (await import('./zfs-abstraction-release-all.ts')).ZfsAbstractionReleaseAll,
  'zfs-abstraction:release-stale': async () =>
    (await import('./zfs-abstraction-release-stale.ts')).ZfsAbstractionReleaseStale,
}

/** What the first words of commands with several words are about. */
export const TOPICS: readonly {readonly name: string; readonly description: string}[] = [
  {name: 'holds', description: 'The holds and bookmarks that zrepl has left on this host.'},
  {name: 'migrate', description: 'Bring what older versions or another job name have left up to date.'},
  {name: 'migrate:0.0.X', description: '0.0.X:0.1:placeholder: placeholders of zrepl 0.0.x.'},
  {name: 'migrate:replication-cursor', description: 'replication-cursor:v1-v2: cursors of zrepl 0.2.'},
  {name: 'test', description: 'Try filters, placeholders and resume tokens; nothing is changed.'},
  {name: 'trace', description: 'Where the time of a run went.'},
  {
    name: 'zfs-abstraction',
    description: 'The same as holds, with the words of zrepl; and release what is stale.',
  },
]
