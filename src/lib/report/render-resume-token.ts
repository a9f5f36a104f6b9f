import type {ResumeState} from '../zfs/resume-token.ts'

/**
 * A decoded resume token as JSON, with the fields of `zrepl test decoderesumetoken` and behind them what has arrived.
 * Numbers are uint64 as in zrepl's output, written from their text.
 */
export function renderResumeToken(state: ResumeState): string {
  const members: readonly (readonly [string, string | boolean])[] = [
    ['HasFromGUID', state.fromguid !== undefined],
    ['HasToGUID', true],
    ['FromGUID', state.fromguid ?? '0'],
    ['ToGUID', state.toguid],
    ['ToName', JSON.stringify(state.toname)],
    ['HasCompressOK', state.compressed],
    ['CompressOK', state.compressed],
    ['HasRawOk', state.raw],
    ['RawOK', state.raw],
    ['HasLargeBlockOK', state.largeBlocks],
    ['LargeBlockOK', state.largeBlocks],
    ['HasEmbedOk', state.embedded],
    ['EmbedOK', state.embedded],
    ['HasSavedOk', state.saved],
    ['SavedOk', state.saved],
    ['Object', String(state.object)],
    ['Offset', String(state.offset)],
    ['Bytes', String(state.bytes)],
  ]
  return `{\n${members.map(([key, json]) => ` "${key}": ${json}`).join(',\n')}\n}\n`
}
