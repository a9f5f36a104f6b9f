import {dlopen, FFIType, ptr} from 'bun:ffi'
import {closeSync, openSync, readFileSync, truncateSync} from 'node:fs'

/** Programs that ended on this machine, and the CPU time of some of them. */
export type Accounts = {
  /** Processes that had started a program of their own. */
  readonly programs: number
  /**
   * Processor time of programs that are called none of these, milliseconds. A process with threads is called what its last
   * thread was, so that one of Bun has many names.
   */
  cpuMsBeside(commands: ReadonlySet<string>): number
  /** How many of those called so had started a program of their own. */
  started(command: string): number
}

const FILE = '/run/bench-acct'
/** `struct acct_v3`, acct(5). */
const RECORD_BYTES = 64
const FORKED_WITHOUT_EXEC = 1
const TICK_MS = 10
/** How long after the last program the machine is given to note what has ended, milliseconds. */
const SETTLE_MS = 500

/** Process accounting of the kernel, acct(2). Needs root; throws where the kernel has none. */
export function startAccounting(): {
  measure<T>(work: () => T): {readonly result: T; readonly accounts: Accounts}
} {
  const libc = dlopen('libc.so.6', {acct: {args: [FFIType.ptr], returns: FFIType.i32}})
  closeSync(openSync(FILE, 'w'))
  if (libc.symbols.acct(ptr(Buffer.from(`${FILE}\0`))) !== 0)
    throw new Error('this kernel has no process accounting')
  return {
    measure(work) {
      Bun.sleepSync(SETTLE_MS)
      truncateSync(FILE, 0)
      const result = work()
      Bun.sleepSync(SETTLE_MS)
      return {result, accounts: readAccounts(readFileSync(FILE))}
    },
  }
}

/** Reads what acct(2) has written. */
export function readAccounts(bytes: Buffer): Accounts {
  const records = Array.from({length: Math.floor(bytes.length / RECORD_BYTES)}, (_, index) =>
    bytes.subarray(index * RECORD_BYTES, (index + 1) * RECORD_BYTES),
  )
  const commandOf = (record: Buffer) => record.subarray(48, 64).toString('latin1').replace(/\0.*$/s, '')
  const called = (command: string) => records.filter((record) => commandOf(record) === command)
  const started = (record: Buffer) => (record.readUInt8(0) & FORKED_WITHOUT_EXEC) === 0
  return {
    programs: records.filter(started).length,
    cpuMsBeside: (commands) =>
      records
        .filter((record) => started(record) && !commands.has(commandOf(record)))
        .reduce((sum, record) => sum + (compressed(record, 32) + compressed(record, 34)) * TICK_MS, 0),
    started: (command) => called(command).filter(started).length,
  }
}

/** `comp_t`: 13 bits, and an exponent of 8 in 3. */
function compressed(record: Buffer, offset: number): number {
  const value = record.readUInt16LE(offset)
  return (value & 0x1fff) * 8 ** (value >> 13)
}
