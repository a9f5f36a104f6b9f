import type {RunContext} from '../core/context.ts'
import type {ZfsClient} from '../zfs/client.ts'
import type {Dataset} from '../zfs/dataset.ts'
import type {DatasetName} from '../zfs/name.ts'
import {readPlaceholderValue} from '../zfs/placeholder.ts'
import {type Change, changeOf} from './change.ts'

/** The order that gives a placeholder of zrepl 0.0.x the value that says so today. */
export function placeholderOrder({name}: Dataset): string {
  return `set zrepl:placeholder=on on ${name}`
}

/** The datasets at and below `rootFs` that are placeholders by a value of zrepl 0.0.x, and whether `rootFs` exists. */
export async function listLegacyPlaceholders(
  ctx: RunContext,
  zfs: ZfsClient,
  rootFs: DatasetName,
): Promise<{readonly legacy: readonly Dataset[]; readonly missing: readonly DatasetName[]}> {
  const {datasets, missingRoots} = await zfs.list(ctx, {roots: [rootFs], recursive: true})
  return {legacy: datasets.filter(isLegacy), missing: missingRoots}
}

/** Rewrites the property of each; one that fails does not stop the others. */
export async function rewritePlaceholders(
  ctx: RunContext,
  zfs: ZfsClient,
  legacy: readonly Dataset[],
): Promise<readonly Change[]> {
  const changes: Change[] = []
  for (const dataset of legacy)
    changes.push(changeOf(placeholderOrder(dataset), await zfs.setPlaceholder(ctx, dataset.name, 'on')))
  return changes
}

function isLegacy({name, placeholderValue}: Dataset): boolean {
  return placeholderValue !== undefined && readPlaceholderValue(name, placeholderValue) === 'legacy'
}
