import type {Command} from '@oclif/core'

/**
 * The commands: the only way one comes into the executable. Loaded when run, described by the manifest that
 * `npm run generate` makes from the same table.
 */
export const COMMANDS: Readonly<Record<string, () => Promise<Command.Class>>> = {
  configcheck: async () => (await import('./configcheck.ts')).Configcheck,
  plan: async () => (await import('./plan.ts')).Plan,
  prune: async () => (await import('./prune.ts')).Prune,
  replicate: async () => (await import('./replicate.ts')).Replicate,
  run: async () => (await import('./run.ts')).Run,
  snap: async () => (await import('./snap.ts')).Snap,
  stdinserver: async () => (await import('./stdinserver.ts')).Stdinserver,
}
