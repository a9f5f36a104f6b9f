import type {ListQuery} from '../../../src/lib/zfs/client.ts'
import {createIdentityReader, createListReader, type ListReader} from '../../../src/lib/zfs/read-list.ts'

/** Reads the whole of a list, that came in pieces of so many bytes. */
export function readList(text: string, query: ListQuery, pieceBytes = 65_536) {
  return readAll(createListReader(query), text, pieceBytes)
}

/** The same of a list of identities. */
export function readIdentities(text: string, query: ListQuery) {
  return readAll(createIdentityReader(query), text, 65_536)
}

function readAll<T>(reader: ListReader<T>, text: string, pieceBytes: number) {
  const bytes = Buffer.from(text, 'latin1')
  for (let at = 0; at < bytes.length; at += pieceBytes) reader.take(bytes.subarray(at, at + pieceBytes))
  return reader.end()
}
