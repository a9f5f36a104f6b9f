import {type Clock, type RunContext, withSpan} from '../core/context.ts'
import {OperationalError, Stopped} from '../core/errors.ts'
import type {OpenConnection} from '../core/lane.ts'
import {createTurns} from '../core/turns.ts'
import {type Lane, openLane} from './client.ts'
import {ASK_IDLE_MS} from './signs-of-life.ts'

/** The connections of one run to one peer, opened when they are first needed. */
export type Lanes = {
  /**
   * Questions and changes, one after the other on the first connection: the process behind it remembers what it has
   * listed and changed, so nobody else may change anything on its host. A stream must not keep it busy.
   */
  control<T>(ctx: RunContext, what: string, work: Work<T>): Promise<T>
  /** A lane of its own for a stream. It is burnt if `work` leaves it in the middle of a stream or an answer. */
  stream<T>(ctx: RunContext, what: string, work: Work<T>): Promise<T>
  /** Ends all connections in order. */
  close(): Promise<void>
}

/** What is done on a lane; `ctx` has the span of it, called by what is requested. */
export type Work<T> = (ctx: RunContext, lane: Lane) => Promise<T>

type Slot = {lane: Promise<Lane> | undefined; busy: boolean; uses: number}

/**
 * Makes a set of lanes over connections from `open`. Where there is only one stream at a time, it shares the first
 * connection: nothing is asked meanwhile. `ctx` is that of the run: a connection lasts longer than what it is opened for.
 * A peer that nobody has asked anything for a while is asked whether it is there, so that it knows the same of us.
 */
export function createLanes(ctx: RunContext, open: OpenConnection, streamsAtOnce: number): Lanes {
  const run = ctx
  const first: Slot = {lane: undefined, busy: false, uses: 0}
  const slots: Slot[] = [first]
  const ends: Promise<unknown>[] = []
  const closed = new AbortController()
  const turns = createTurns('lane')
  let asking: Promise<void> | undefined

  /** The lane is opened when the slot has none; one that is left in the middle of something is not used again. */
  async function useSlot<T>(ctx: RunContext, slot: Slot, work: Work<T>): Promise<T> {
    let lane: Lane | undefined
    try {
      slot.lane ??= openLane(ctx, run, open, ends)
      asking ??= askIdleOnes()
      lane = await slot.lane
      slot.uses += 1
      return await work(ctx, lane)
    } finally {
      if (lane?.idle() !== true) {
        slot.lane = undefined
        lane?.connection.burn()
      }
    }
  }

  async function control<T>(ctx: RunContext, what: string, work: Work<T>): Promise<T> {
    return await turns.take(ctx, () =>
      withSpan(ctx, `request ${what}`, {}, (ctx) => useSlot(ctx, first, work)),
    )
  }

  async function stream<T>(ctx: RunContext, what: string, work: Work<T>): Promise<T> {
    if (streamsAtOnce === 1) return await control(ctx, what, work)
    const slot = slots.find((slot) => slot !== first && !slot.busy) ?? addSlot()
    return await busily(slot, () => withSpan(ctx, `request ${what}`, {}, (ctx) => useSlot(ctx, slot, work)))
  }

  async function busily<T>(slot: Slot, work: () => Promise<T>): Promise<T> {
    slot.busy = true
    try {
      return await work()
    } finally {
      slot.busy = false
    }
  }

  function addSlot(): Slot {
    const slot = {lane: undefined, busy: false, uses: 0}
    slots.push(slot)
    return slot
  }

  async function askIdleOnes(): Promise<void> {
    const uses = new Map<Slot, number>()
    while (await sleeps(run.clock, ASK_IDLE_MS, closed.signal)) {
      const idle = slots.filter((slot) => !slot.busy && uses.get(slot) === slot.uses)
      await Promise.all(idle.map((slot) => askWhetherThere(slot, slot.uses)))
      for (const slot of slots) uses.set(slot, slot.uses)
    }
  }

  /** Whoever comes next opens another connection when it is not. */
  async function askWhetherThere(slot: Slot, uses: number): Promise<void> {
    const ask = async () => {
      if (slot.lane === undefined || slot.uses !== uses) return
      await useSlot(run, slot, async (ctx, lane) => {
        await lane.ask(ctx, {verb: 'alive'})
        await lane.answer(ctx, 'alive')
      })
    }
    try {
      await (slot === first ? turns.take(run, ask) : busily(slot, ask))
    } catch (error) {
      if (!(error instanceof OperationalError || error instanceof Stopped)) throw error
      run.log.of('rpc').info('a connection with nothing to do was lost', {error: error.message})
    }
  }

  return {
    control,
    stream,
    async close() {
      closed.abort()
      const opened = await Promise.allSettled(slots.splice(0).map(({lane}) => lane))
      await Promise.all(
        opened.map((lane) => (lane.status === 'fulfilled' ? lane.value?.connection.close() : undefined)),
      )
      await Promise.all(ends)
      await asking
    },
  }
}

/** Whether it slept to the end. */
async function sleeps(clock: Clock, ms: number, signal: AbortSignal): Promise<boolean> {
  try {
    await clock.sleep(ms, signal)
    return true
  } catch (error) {
    if (!signal.aborted) throw error
    return false
  }
}
