import type {Filter} from '../scope/filter.ts'

/** What holds for every hook. */
type Common = {
  /** What it is to be done before is left out when the hook fails there. */
  readonly errIsFatal: boolean
  /** How long each of its two edges may take. */
  readonly timeoutMs: number
}

/** A program, run once before and once after. */
export type CommandHook = Common & {
  readonly type: 'command'
  /** Absolute. */
  readonly path: string
  readonly args: readonly string[]
}

/** A database and how to reach it. What is `undefined` is the client's default. */
export type Database = {
  readonly address: {readonly host: string; readonly port: number} | {readonly socket: string}
  readonly user: string | undefined
  readonly password: string | undefined
  readonly name: string | undefined
  /** `unverified` encrypts without knowing to whom; `chain` checks the certificate, `full` also that it is this host's. */
  readonly tls: 'off' | 'unverified' | 'chain' | 'full'
  /** PEM files of TLS: the authority, our certificate, our key. */
  readonly tlsFiles: {
    readonly ca: string | undefined
    readonly cert: string | undefined
    readonly key: string | undefined
  }
}

/** A lock or a checkpoint of a database: one for all filesystems of a round, since all snapshots are of one instant. */
export type DatabaseHook = Common & {
  readonly type: 'postgres-checkpoint' | 'mysql-lock-tables'
  readonly database: Database
}

/** Around the snapshots of a round (zrepl: `snapshotting.hooks`). */
export type SnapshotHook = {readonly filesystems: Filter} & (
  | (CommandHook & {readonly per: 'filesystem' | 'round'})
  | (DatabaseHook & {readonly per: 'round'})
)

/** Around a phase of a run, or the whole of it. */
export type PhaseHook = CommandHook & {readonly around: 'job' | 'snapshot' | 'replicate' | 'prune'}

/** What a hook is called in reports and logs. */
export function nameOfHook(hook: CommandHook | DatabaseHook): string {
  return hook.type === 'command' ? hook.path : hook.type
}
