/** The parts of a run, in their order. */
export const PHASES = ['snapshot', 'replicate', 'prune'] as const

export type Phase = (typeof PHASES)[number]
