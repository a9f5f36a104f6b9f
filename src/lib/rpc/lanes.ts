import type {RunContext} from '../core/context.ts'
import type {OpenConnection} from '../core/lane.ts'
import {type Lane, openLane} from './client.ts'

/** The connections of one run to one peer, opened when all others are busy. */
export type Lanes = {
  /** A lane of one's own while `work` runs. It is burnt if `work` leaves it in the middle of a stream or an answer. */
  use<T>(ctx: RunContext, work: (lane: Lane) => Promise<T>): Promise<T>
  /** Ends all connections in order. */
  close(): Promise<void>
}

type Slot = {readonly lane: Promise<Lane>; busy: boolean}

/** Makes a set of lanes over connections from `open`. */
export function createLanes(open: OpenConnection): Lanes {
  const slots: Slot[] = []

  async function use<T>(ctx: RunContext, work: (lane: Lane) => Promise<T>): Promise<T> {
    const slot = slots.find(({busy}) => !busy) ?? addSlot(ctx)
    slot.busy = true
    let lane: Lane | undefined
    try {
      lane = await slot.lane
      return await work(lane)
    } finally {
      slot.busy = false
      if (lane?.idle() !== true) {
        slots.splice(slots.indexOf(slot), 1)
        lane?.connection.burn()
      }
    }
  }

  function addSlot(ctx: RunContext): Slot {
    const slot = {lane: openLane(ctx, open), busy: false}
    slots.push(slot)
    return slot
  }

  return {
    use,
    async close() {
      const opened = await Promise.allSettled(slots.splice(0).map(({lane}) => lane))
      await Promise.all(
        opened.map((lane) => (lane.status === 'fulfilled' ? lane.value.connection.close() : undefined)),
      )
    },
  }
}
