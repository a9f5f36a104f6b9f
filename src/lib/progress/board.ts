import type {Clock} from '../core/context.ts'
import {initialState, type RunState, type Transition} from './run-state.ts'

/**
 * The one place where the state of a run is. Everything that runs at the same time changes it here and nowhere else, by
 * transitions that are applied in one go: nobody can write back an old copy, so no change is ever lost.
 */
export type Board = {
  state(): RunState
  change(transition: Transition): void
}

export function createBoard(clock: Pick<Clock, 'monotonic'>): Board {
  let state = initialState(clock.monotonic())
  return {
    state: () => state,
    change: (transition) => {
      state = transition(state, clock.monotonic())
    },
  }
}
