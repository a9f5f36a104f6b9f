import {OperationalError} from '../core/errors.ts'
import {quoted} from '../core/printable.ts'

declare const brand: unique symbol
type Brand<T, Name extends string> = T & {readonly [brand]: Name}

/** `pool/a/b`, a live filesystem or volume. */
export type DatasetName = Brand<string, 'DatasetName'>
/** `pool/a@name`. */
export type SnapshotName = Brand<string, 'SnapshotName'>
/** `pool/a#name`. */
export type BookmarkName = Brand<string, 'BookmarkName'>
/** Tag of a user hold. */
export type HoldTag = Brand<string, 'HoldTag'>
/** uint64 as canonical decimal text: it exceeds 2^53, so it is compared for equality and never computed with. */
export type Guid = Brand<string, 'Guid'>
/** uint64. Order within one pool. */
export type Createtxg = Brand<bigint, 'Createtxg'>
