import {type RunContext, withSignal} from '../core/context.ts'
import {OperationalError} from '../core/errors.ts'
import {type LibraryChild, type LibraryChildOptions, startLibraryChild} from './library-child.ts'
import type {LibraryHello} from './library-message.ts'

/** How long a child may take to find the library and try it. */
const HELLO_MS = 30_000

export type LibraryOptions = LibraryChildOptions & {
  /** `library`: not having it is an error, not a reason to do without. */
  readonly required: boolean
}

/** Children that call libzfs_core, started when there is no idle one. One that dies by itself is the last. */
export type LibraryChildren = {
  /**
   * Runs `work` with a child that nobody else uses meanwhile. `undefined` when there is none, or `work` says so because it
   * has gone. When `work` throws, the child is ended, whatever it does.
   */
  use<T>(ctx: RunContext, work: (child: LibraryChild) => Promise<T | undefined>): Promise<T | undefined>
  /** There is no answer for this reason: `undefined`, or an error where the library is required. */
  refuse(because: string): undefined
  /** From now on there are none, for this reason. */
  spoil(because: string): void
  close(ctx: RunContext): Promise<void>
}

export function createLibraryChildren(options: LibraryOptions): LibraryChildren {
  const idle: LibraryChild[] = []
  let missing: string | undefined

  async function start(ctx: RunContext): Promise<LibraryChild | undefined> {
    const child = startLibraryChild(options)
    ctx.log.of('zfs.lib').debug('process for libzfs_core started', {pid: child.pid})
    try {
      const hello = await within(ctx, HELLO_MS, 'start', (ctx) => child.answer<LibraryHello>(ctx))
      if (hello?.ready === true) return child
      await child.close(ctx)
      return giveUp(ctx, hello?.because ?? 'the process that calls it cannot be used')
    } catch (error) {
      await child.stop(ctx)
      throw error
    }
  }

  function giveUp(ctx: RunContext, because: string): undefined {
    if (missing === undefined)
      ctx.log.of('zfs.lib').info('libzfs_core cannot be used, the zfs command is used instead', {because})
    missing ??= because
    return refuse(because)
  }

  function refuse(because: string): undefined {
    if (options.required)
      throw new OperationalError('host', `cannot use libzfs_core: ${because}`, {
        hint: 'global.zfs.access says library; with auto or cli the zfs command is used',
      })
    return undefined
  }

  return {
    async use(ctx, work) {
      ctx.signal.throwIfAborted()
      if (missing !== undefined) return refuse(missing)
      const child = idle.pop() ?? (await start(ctx))
      if (child === undefined) return undefined
      try {
        const answer = await work(child)
        if (answer !== undefined) {
          idle.push(child)
          return answer
        }
      } catch (error) {
        await child.stop(ctx)
        throw error
      }
      await child.close(ctx)
      return giveUp(ctx, 'the process that calls it has ended')
    },
    refuse,
    spoil(because) {
      missing ??= because
    },
    async close(ctx) {
      await Promise.all(idle.splice(0).map((child) => child.close(ctx)))
    },
  }
}

/** Throws `deadline` when `work`, which is then told to give up, takes longer. */
export async function within<T>(
  ctx: RunContext,
  deadlineMs: number,
  what: string,
  work: (ctx: RunContext) => Promise<T>,
): Promise<T> {
  const settled = new AbortController()
  const late = new AbortController()
  const error = new OperationalError(
    'deadline',
    `libzfs_core '${what}' did not end within ${deadlineMs / 1000} s`,
    {retryable: true},
  )
  ctx.clock.sleep(deadlineMs, settled.signal).then(
    () => late.abort(error),
    () => {},
  )
  try {
    return await work(withSignal(ctx, late.signal))
  } finally {
    settled.abort()
  }
}
