import type {RunContext} from '../core/context.ts'
import type {OpenConnection} from '../core/lane.ts'
import {type Lane, openLane} from './client.ts'

/** The connections of one run to one peer, opened when they are first needed. */
export type Lanes = {
  /**
   * Questions and changes, one after the other on the first connection: the process behind it remembers what it has
   * listed and changed, so nobody else may change anything on its host. A stream must not keep it busy.
   */
  control<T>(ctx: RunContext, work: (lane: Lane) => Promise<T>): Promise<T>
  /** A lane of its own for a stream. It is burnt if `work` leaves it in the middle of a stream or an answer. */
  stream<T>(ctx: RunContext, work: (lane: Lane) => Promise<T>): Promise<T>
  /** Ends all connections in order. */
  close(): Promise<void>
}

type Slot = {lane: Promise<Lane> | undefined; busy: boolean}

/**
 * Makes a set of lanes over connections from `open`. Where there is only one stream at a time, it shares the first
 * connection: nothing is asked meanwhile.
 */
export function createLanes(open: OpenConnection, streamsAtOnce: number): Lanes {
  const first: Slot = {lane: undefined, busy: false}
  const slots: Slot[] = [first]
  let turn: Promise<unknown> = Promise.resolve()

  /** The lane is opened when the slot has none; one that is left in the middle of something is not used again. */
  async function useSlot<T>(ctx: RunContext, slot: Slot, work: (lane: Lane) => Promise<T>): Promise<T> {
    let lane: Lane | undefined
    try {
      slot.lane ??= openLane(ctx, open)
      lane = await slot.lane
      return await work(lane)
    } finally {
      if (lane?.idle() !== true) {
        slot.lane = undefined
        lane?.connection.burn()
      }
    }
  }

  async function control<T>(ctx: RunContext, work: (lane: Lane) => Promise<T>): Promise<T> {
    const before = turn
    const {promise, resolve} = Promise.withResolvers<void>()
    turn = promise
    await before
    try {
      return await useSlot(ctx, first, work)
    } finally {
      resolve()
    }
  }

  async function stream<T>(ctx: RunContext, work: (lane: Lane) => Promise<T>): Promise<T> {
    if (streamsAtOnce === 1) return await control(ctx, work)
    const slot = slots.find((slot) => slot !== first && !slot.busy) ?? addSlot()
    slot.busy = true
    try {
      return await useSlot(ctx, slot, work)
    } finally {
      slot.busy = false
    }
  }

  function addSlot(): Slot {
    const slot = {lane: undefined, busy: false}
    slots.push(slot)
    return slot
  }

  return {
    control,
    stream,
    async close() {
      const opened = await Promise.allSettled(slots.splice(0).map(({lane}) => lane))
      await Promise.all(
        opened.map((lane) => (lane.status === 'fulfilled' ? lane.value?.connection.close() : undefined)),
      )
    },
  }
}
