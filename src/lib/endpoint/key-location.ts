import type {RunContext} from '../core/context.ts'
import {quoted} from '../core/printable.ts'
import {KEY_LOCATION} from '../scope/received-properties.ts'
import type {DatasetName} from '../zfs/name.ts'
import type {ReceivingSide} from './receiving-side.ts'

/**
 * A raw stream with properties sets where the key is fetched from as if somebody had set it here; neither `-x` nor `-o` of
 * `zfs receive` changes that (OpenZFS 2.3.2). `zfs load-key -a` would then read a file, or ask a server, of the
 * sender's choice (threat T40). So it is set to what the job says, else to `prompt`, unless the job takes it from the
 * stream. Returns warnings.
 */
export async function withholdKeyLocation(
  ctx: RunContext,
  {zfs, recv}: Pick<ReceivingSide, 'zfs' | 'recv'>,
  dataset: DatasetName,
): Promise<readonly string[]> {
  const {inherit, override} = recv.properties
  const wanted = override.get(KEY_LOCATION) ?? (inherit.includes(KEY_LOCATION) ? 'prompt' : undefined)
  const found = wanted === undefined ? undefined : await zfs.keyLocation(ctx, dataset)
  if (wanted === undefined || found === undefined || found === wanted) return []
  const outcome = await zfs.setKeyLocation(ctx, dataset, wanted)
  const what = `the stream has set keylocation of ${quoted(dataset)} to ${quoted(found)}`
  return outcome.kind === 'done'
    ? [`${what}: it is ${wanted} again`]
    : [
        `${what}, and it cannot be set to ${wanted} (${outcome.failure.message}): look at it before you run zfs load-key`,
      ]
}
