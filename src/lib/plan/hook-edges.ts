import {quoted} from '../core/printable.ts'
import type {DatasetName} from '../zfs/name.ts'
import {nameOfHook, type SnapshotHook} from './hook-policy.ts'

/** A hook with what it is run for: one filesystem, or all of the round that it means. */
export type SnapshotHookUse = {
  readonly hook: SnapshotHook
  readonly filesystems: readonly DatasetName[]
}

/** The uses of hooks in a round, in the order in which they are run before it; after it the order is reversed. */
export function planSnapshotHooks(
  hooks: readonly SnapshotHook[],
  round: readonly DatasetName[],
): readonly SnapshotHookUse[] {
  return hooks.flatMap((hook) => {
    const meant = round.filter((filesystem) => hook.filesystems.accepts(filesystem))
    if (meant.length === 0) return []
    return hook.per === 'round'
      ? [{hook, filesystems: meant}]
      : meant.map((filesystem) => ({hook, filesystems: [filesystem]}))
  })
}

/** Hooks that mean no filesystem of the job, due or not: probably somebody has renamed one. */
export function idleHooks(
  hooks: readonly SnapshotHook[],
  filesystems: readonly DatasetName[],
): readonly string[] {
  return hooks
    .filter((hook) => !filesystems.some((filesystem) => hook.filesystems.accepts(filesystem)))
    .map((hook) => `the hook ${quoted(nameOfHook(hook))} means none of the job's filesystems`)
}
