import type {ListQuery} from '../../../src/lib/zfs/client.ts'
import {createListReader} from '../../../src/lib/zfs/read-list.ts'

/** Reads the whole of a list, that came in pieces of so many bytes. */
export function readList(text: string, query: ListQuery, pieceBytes = 65_536) {
  const reader = createListReader(query)
  const bytes = Buffer.from(text, 'latin1')
  for (let at = 0; at < bytes.length; at += pieceBytes) reader.take(bytes.subarray(at, at + pieceBytes))
  return reader.end()
}
