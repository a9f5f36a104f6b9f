import type {RunContext} from '../core/context.ts'
import {OperationalError} from '../core/errors.ts'
import {quoted} from '../core/printable.ts'
import {confineToFilter} from '../scope/confine.ts'
import type {Filter} from '../scope/filter.ts'
import type {DatasetName, Guid} from '../zfs/name.ts'
import {isSnapshot, type Snapshot, type Version} from '../zfs/version.ts'
import type {KnownPool} from './pool.ts'
import type {FromRef} from './sender.ts'

/** The sender's versions by the guids of a request. Throws `version-gone`, and what `confineToFilter` throws. */
export type FindVersion = {
  to(ctx: RunContext, filesystem: DatasetName, guid: Guid): Promise<Snapshot>
  from(ctx: RunContext, filesystem: DatasetName, from: FromRef | undefined): Promise<Version | undefined>
  /** A version of any kind. */
  any(ctx: RunContext, filesystem: DatasetName, guid: Guid): Promise<Version>
}

/** Looks among what is known of the pool, and then on it. */
export function createFindVersion(pool: KnownPool, filter: Filter): FindVersion {
  async function find<T extends Version>(
    ctx: RunContext,
    filesystem: DatasetName,
    guid: Guid,
    is: (version: Version) => version is T,
  ): Promise<T> {
    confineToFilter(filter, filesystem)
    const has = (version: Version): version is T => version.guid === guid && is(version)
    return (await pool.find(ctx, filesystem, has)) ?? gone(filesystem, guid)
  }

  return {
    to: (ctx, filesystem, guid) => find(ctx, filesystem, guid, isSnapshot),
    async from(ctx, filesystem, from) {
      if (from === undefined) return undefined
      const is = (version: Version): version is Version => version.kind === from.kind
      return await find(ctx, filesystem, from.guid, is)
    },
    any: (ctx, filesystem, guid) => find(ctx, filesystem, guid, (_version): _version is Version => true),
  }
}

/** What was there when the plan was made has been destroyed since. */
export function gone(filesystem: DatasetName, guid: Guid): never {
  throw new OperationalError(
    'version-gone',
    `no version with guid ${guid} on ${quoted(filesystem)} any more`,
    {
      hint: 'it was destroyed since the plan was made; the next run plans afresh',
    },
  )
}
