import {Bug} from '../core/assert.ts'
import type {ZfsClient} from '../zfs/client.ts'

/** The same client for a dry run: whoever tries to change something with it has a bug (invariant I15). */
export function readOnly(client: ZfsClient): ZfsClient {
  return {
    list: client.list,
    listVersions: client.listVersions,
    snapshots: client.snapshots,
    holds: client.holds,
    missing: client.missing,
    written: client.written,
    received: client.received,
    keyLocation: client.keyLocation,
    estimateDestroy: client.estimateDestroy,
    estimate: client.estimate,
    snapshot: refuse('snapshot'),
    hold: refuse('hold'),
    release: refuse('release'),
    bookmark: refuse('bookmark'),
    destroySnapshots: refuse('destroySnapshots'),
    destroyBookmarks: refuse('destroyBookmarks'),
    createPlaceholder: refuse('createPlaceholder'),
    setPlaceholder: refuse('setPlaceholder'),
    setKeyLocation: refuse('setKeyLocation'),
    rename: refuse('rename'),
    abortReceive: refuse('abortReceive'),
    send: refuse('send'),
    receive: refuse('receive'),
  }
}

function refuse(operation: keyof ZfsClient): () => Promise<never> {
  return async () => {
    throw new Bug(`a dry run must not ${operation}`)
  }
}
