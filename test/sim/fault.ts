/** One thing that goes wrong in a run. Plain data: a failure prints it, and a regression file keeps it. */
export type Fault = CommandFault | FrameFault

/**
 * Where: the position of a command among all commands of the run, on both hosts; or `send:2`, the third `zfs send`,
 * which still means the same after the program has learnt to do with fewer commands.
 */
export type Place = number | `${string}:${number}`

export type CommandFault = {readonly at: Place} & (
  | {readonly kind: 'kill'; readonly when: 'before' | 'after'; readonly whom: Victims}
  /** Exit status 1 with a text, without having done anything or after having done everything. */
  | {
      readonly kind: 'fail'
      readonly when: 'instead' | 'after'
      readonly text: 'known' | 'unknown' | 'refused'
    }
  /** `zfs` met an errno it does not know: SIGABRT. */
  | {readonly kind: 'abort'; readonly when: 'instead' | 'after'}
  /** Exit status 0 and output that is not what was asked for. */
  | {readonly kind: 'output'; readonly how: SpoiltOutput}
  /** The process hangs in the kernel until its deadline; a stream, which has none, until it is stopped. */
  | {readonly kind: 'hang'}
  /** It takes so long before it does anything; what is no stream then does it though its process may be gone. */
  | {readonly kind: 'delay'; readonly ms: number}
  /** So long passes before each record of the stream. */
  | {readonly kind: 'slow'; readonly ms: number}
  /** After so many bytes of the stream the network breaks. */
  | {readonly kind: 'cut'; readonly bytes: number}
  /** After so many bytes `zfs send` is killed. */
  | {readonly kind: 'die'; readonly bytes: number}
  /** A bit of this byte of the stream is turned over. */
  | {readonly kind: 'flip'; readonly byte: number}
  /** Somebody else gives this command on one of the hosts right before. */
  | {readonly kind: 'foreign'; readonly host: string; readonly argv: readonly string[]}
)

/** The process that runs the command, those of the other side, or all there are. */
export type Victims = 'owner' | 'peers' | 'everybody'

export type SpoiltOutput = 'empty' | 'cut-line' | 'lost-line' | 'garbled' | 'doubled'

/** The network breaks at a write of the protocol, by its position among all of both sides: a greeting or a frame. */
export type FrameFault = {readonly kind: 'frame'; readonly at: number; readonly when: 'before' | 'after'}

/** `kill owner before at command 17`. */
export function describeFault(fault: Fault): string {
  const {kind, at, ...rest} = fault
  const words = Object.values(rest).map((value) =>
    Array.isArray(value) ? `'${value.join(' ')}'` : String(value),
  )
  return [kind, ...words, `at ${kind === 'frame' ? 'frame' : 'command'} ${at}`].join(' ')
}

/** A listing that ends early at the end of a line and says that all is well: nobody could see through that. */
export function liesCredibly(fault: Fault): boolean {
  return fault.kind === 'output' && fault.how === 'lost-line'
}
