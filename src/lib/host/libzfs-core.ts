import {CString, dlopen, FFIType, type Pointer, ptr} from 'bun:ffi'
import {OperationalError} from '../core/errors.ts'
import {DESTROY_PROGRAM, PROGRAM_LIMITS} from '../zfs/destroy-program.ts'
import type {LibraryAnswer, LibraryObject, LibraryOperation} from '../zfs-client/call-library.ts'
import type {LibrarySendFlags} from '../zfs-client/library.ts'
import type {LibraryChange, LibraryStream, MeasuredStream, SentStream} from './library-message.ts'

/**
 * libzfs_core by FFI. Every call blocks the thread until the transaction is through, so this runs in a process of its
 * own. The functions are those of libzfs_core.h, whose interface is committed since OpenZFS 0.8.
 *
 * Memory: an nvlist we make is ours to free, and copies every name and value added to it; the list of errors is made by
 * the library and ours to free too; names handed in only have to live until the call returns.
 */
export type LibZfsCore = {
  /** False: it and the `zfs` command look at different systems. */
  sees(pool: string): boolean
  change(request: LibraryChange): LibraryAnswer
  /** Bytes, as the kernel estimates them. */
  measure(stream: SentStream): MeasuredStream
  /** Writes a stream into a pipe. Returns an errno, 0 when it was whole. */
  send(stream: SentStream, fd: number): number
  /** Reads what follows the first record of one stream. Never overwrites; keeps what arrived when it breaks off. */
  receive(request: Extract<LibraryStream, {operation: 'receive'}>, fd: number): number
}

const LIBRARIES: Readonly<Record<string, {readonly core: string; readonly nvpair: string}>> = {
  linux: {core: 'libzfs_core.so.3', nvpair: 'libnvpair.so.3'},
  freebsd: {core: 'libzfs_core.so.2', nvpair: 'libnvpair.so.2'},
}

const UNIQUE_NAMES = 1
const NO_DESCRIPTOR = -1
const NOT_DEFERRED = 0
const NOT_REDACTED = null
const NO_PROPERTIES = null
const NO_ORIGIN = null
const NOT_FORCED = 0
const RESUMABLE = 1

/** `enum lzc_send_flags`. */
function flagsOf({embedded, largeBlocks, compressed, raw}: LibrarySendFlags): number {
  return (embedded ? 1 : 0) | (largeBlocks ? 2 : 0) | (compressed ? 4 : 0) | (raw ? 8 : 0)
}

type Nvlist = Pointer

/** Opens the library and tries it. Throws `host` when there is none, or it is not as expected. */
export function openLibZfsCore(): LibZfsCore {
  const files = LIBRARIES[process.platform]
  if (files === undefined) throw new OperationalError('host', `no libzfs_core for ${process.platform}`)
  const lists = nvlists(files.nvpair)
  const core = openCore(files.core)
  const errno = core.libzfs_core_init()
  if (errno !== 0) throw new OperationalError('host', `libzfs_core_init failed (errno ${errno})`)
  // Reaches the kernel, and finds that our idea of a name is the library's.
  if (core.lzc_exists(cString('no such dataset')) !== 0)
    throw new OperationalError('host', 'libzfs_core answers with nonsense')

  return {
    sees: (pool) => core.lzc_exists(cString(pool)) === 1,

    change({operation, pool, objects}) {
      const asked = lists.make(objects, operation)
      const errors = new BigUint64Array(1)
      try {
        const errno = run(operation, pool, asked, ptr(errors))
        const answer = pointerIn(errors)
        return {
          errno,
          errors: lists.numbers(operation === 'destroy-judged' ? lists.returned(answer) : answer),
        }
      } finally {
        lists.free(asked)
        lists.free(pointerIn(errors))
      }
    },

    measure({to, from, flags, resume}) {
      const size = new BigUint64Array(1)
      const errno = core.lzc_send_space_resume_redacted(
        cString(to),
        from === null ? null : cString(from),
        flagsOf(flags),
        BigInt(resume?.object ?? 0),
        BigInt(resume?.offset ?? 0),
        BigInt(resume?.bytes ?? 0),
        NOT_REDACTED,
        NO_DESCRIPTOR,
        ptr(size),
      )
      return {errno, bytes: (size[0] ?? 0n).toString()}
    },

    send({to, from, flags, resume}, fd) {
      return core.lzc_send_resume(
        cString(to),
        from === null ? null : cString(from),
        fd,
        flagsOf(flags),
        BigInt(resume?.object ?? 0),
        BigInt(resume?.offset ?? 0),
      )
    },

    receive({to, record, raw}, fd) {
      return core.lzc_receive_with_header(
        cString(to),
        NO_PROPERTIES,
        NO_ORIGIN,
        NOT_FORCED,
        RESUMABLE,
        raw ? 1 : 0,
        fd,
        Buffer.from(record, 'base64'),
      )
    },
  }

  function run(operation: LibraryOperation, pool: string, asked: Nvlist, errors: Pointer): number {
    switch (operation) {
      case 'hold':
        return core.lzc_hold(asked, NO_DESCRIPTOR, errors)
      case 'release':
        return core.lzc_release(asked, errors)
      case 'bookmark':
        return core.lzc_bookmark(asked, errors)
      case 'destroy-bookmarks':
        return core.lzc_destroy_bookmarks(asked, errors)
      case 'destroy-snapshots':
        return core.lzc_destroy_snaps(asked, NOT_DEFERRED, errors)
      case 'snapshot':
        return core.lzc_snapshot(asked, null, errors)
      case 'destroy-judged':
        return core.lzc_channel_program(
          cString(pool),
          cString(DESTROY_PROGRAM),
          BigInt(PROGRAM_LIMITS.instructions),
          BigInt(PROGRAM_LIMITS.memoryBytes),
          asked,
          errors,
        )
    }
  }
}

function openCore(file: string) {
  const {ptr, i32, u64} = FFIType
  return open(file, {
    libzfs_core_init: {args: [], returns: i32},
    lzc_exists: {args: [ptr], returns: i32},
    lzc_hold: {args: [ptr, i32, ptr], returns: i32},
    lzc_release: {args: [ptr, ptr], returns: i32},
    lzc_bookmark: {args: [ptr, ptr], returns: i32},
    lzc_destroy_bookmarks: {args: [ptr, ptr], returns: i32},
    lzc_destroy_snaps: {args: [ptr, i32, ptr], returns: i32},
    lzc_snapshot: {args: [ptr, ptr, ptr], returns: i32},
    lzc_channel_program: {args: [ptr, ptr, u64, u64, ptr, ptr], returns: i32},
    lzc_send_space_resume_redacted: {args: [ptr, ptr, i32, u64, u64, u64, ptr, i32, ptr], returns: i32},
    lzc_send_resume: {args: [ptr, ptr, i32, i32, u64, u64], returns: i32},
    lzc_receive_with_header: {args: [ptr, ptr, ptr, i32, i32, i32, i32, ptr], returns: i32},
  })
}

/** The lists of names and values that the library takes and answers with. */
function nvlists(file: string) {
  const {ptr: pointer, i32} = FFIType
  const nv = open(file, {
    nvlist_alloc: {args: [pointer, FFIType.u32, i32], returns: i32},
    nvlist_free: {args: [pointer], returns: FFIType.void},
    nvlist_add_boolean: {args: [pointer, pointer], returns: i32},
    nvlist_add_string: {args: [pointer, pointer, pointer], returns: i32},
    nvlist_add_nvlist: {args: [pointer, pointer, pointer], returns: i32},
    nvlist_next_nvpair: {args: [pointer, pointer], returns: pointer},
    nvpair_name: {args: [pointer], returns: pointer},
    nvpair_value_int32: {args: [pointer, pointer], returns: i32},
    nvpair_value_int64: {args: [pointer, pointer], returns: i32},
    nvlist_lookup_nvlist: {args: [pointer, pointer, pointer], returns: i32},
  })

  function alloc(): Nvlist {
    const list = new BigUint64Array(1)
    check(nv.nvlist_alloc(ptr(list), UNIQUE_NAMES, 0))
    const made = pointerIn(list)
    if (made === null) throw new OperationalError('host', 'nvlist_alloc made nothing')
    return made
  }

  function add(list: Nvlist, [name, value]: LibraryObject, operation: LibraryOperation): void {
    if (operation === 'hold' || operation === 'bookmark' || operation === 'destroy-judged') {
      check(nv.nvlist_add_string(list, cString(name), cString(value)))
      return
    }
    if (operation !== 'release') {
      check(nv.nvlist_add_boolean(list, cString(name)))
      return
    }
    const tags = alloc()
    try {
      check(nv.nvlist_add_boolean(tags, cString(value)))
      check(nv.nvlist_add_nvlist(list, cString(name), tags))
    } finally {
      nv.nvlist_free(tags)
    }
  }

  return {
    make(objects: readonly LibraryObject[], operation: LibraryOperation): Nvlist {
      const list = alloc()
      try {
        for (const object of objects) add(list, object, operation)
      } catch (error) {
        nv.nvlist_free(list)
        throw error
      }
      return list
    },

    /** What a channel program has returned: a list inside its answer, which stays the owner. */
    returned(answer: Nvlist | null): Nvlist | null {
      const found = new BigUint64Array(1)
      return answer !== null && nv.nvlist_lookup_nvlist(answer, cString('return'), ptr(found)) === 0
        ? pointerIn(found)
        : null
    },

    /** The numbers in a list, those of the kernel and those of Lua; what is no number is left out. */
    numbers(list: Nvlist | null): Readonly<Record<string, number>> {
      const found: Record<string, number> = {}
      if (list === null) return found
      const [short, long] = [new Int32Array(1), new BigInt64Array(1)]
      for (let pair = nv.nvlist_next_nvpair(list, null); pair !== null; ) {
        const name = nv.nvpair_name(pair)
        const text = name === null ? '' : new CString(name).toString()
        if (nv.nvpair_value_int32(pair, ptr(short)) === 0) found[text] = short[0] ?? 0
        else if (nv.nvpair_value_int64(pair, ptr(long)) === 0) found[text] = Number(long[0])
        pair = nv.nvlist_next_nvpair(list, pair)
      }
      return found
    },

    free(list: Nvlist | null): void {
      if (list !== null) nv.nvlist_free(list)
    },
  }
}

function open<const Symbols extends Parameters<typeof dlopen>[1]>(file: string, symbols: Symbols) {
  try {
    return dlopen(file, symbols).symbols
  } catch (error) {
    throw new OperationalError('host', `cannot open ${file}`, {cause: error})
  }
}

function check(errno: number): void {
  if (errno !== 0) throw new OperationalError('host', `an nvlist cannot be made (errno ${errno})`)
}

function cString(text: string): Uint8Array {
  return Buffer.from(`${text}\0`)
}

function pointerIn(cell: BigUint64Array): Pointer | null {
  const address = Number(cell[0])
  return address === 0 ? null : (address as Pointer)
}
