/** A deliberate mistake: in one file of `src/lib`, the only place where `find` stands gets `replace` instead. */
export type Mutant = {
  readonly what: string
  readonly file: string
  readonly find: string
  readonly replace: string
}

/** Mistakes that cost somebody a backup, or nearly. `mutation.ts` sees whether the simulator notices each. */
export const MUTANTS: readonly Mutant[] = [
  {
    what: 'old protection goes although the cursor could not be made',
    file: 'endpoint/sender-protection.ts',
    find: "({cursor}) => cursor === undefined || made(cursor).kind === 'done',",
    replace: '() => true,',
  },
  {
    what: 'a failed cursor is not told',
    file: 'endpoint/sender-protection.ts',
    find: "if (firstFailure(cursor).kind === 'failed') return firstFailure(cursor)",
    replace: '',
  },
  {
    what: 'where a series begins is not held',
    file: 'endpoint/sender-protection.ts',
    find: 'to : [from, ...to]',
    replace: 'to : to',
  },
  {
    what: 'only where a series begins is held',
    file: 'endpoint/sender-protection.ts',
    find: 'to : [from, ...to]',
    replace: 'to : [from]',
  },
  {
    what: 'only where a series begins and ends is held',
    file: 'endpoint/sender-protection.ts',
    find: 'to : [from, ...to]',
    replace: 'to : [from, ...to.slice(-1)]',
  },
  {
    what: 'nothing is held',
    file: 'endpoint/sender-protection.ts',
    find: 'await pool.hold(ctx, holds)',
    replace: "holds.map(() => ({kind: 'done' as const}))",
  },
  {
    what: 'step holds are never released',
    file: 'endpoint/sender-protection.ts',
    find: 'const holds = moved.flatMap(({holds}) => holds)',
    replace: 'const holds = moved.flatMap(({holds}) => holds).slice(0, 0)',
  },
  {
    what: 'old cursors are never destroyed',
    file: 'endpoint/sender-protection.ts',
    find: 'const obsolete = moved.flatMap(({bookmarks}) => bookmarks)',
    replace: 'const obsolete = moved.flatMap(({bookmarks}) => bookmarks).slice(0, 0)',
  },
  {
    what: 'the exit status of send is ignored',
    file: 'endpoint/sending.ts',
    find: "if (outcome.kind === 'failed') throw sendError(args.to, outcome.failure)",
    replace: '',
  },
  {
    what: 'a receive is believed without looking',
    file: 'endpoint/receive.ts',
    find: 'if (received === undefined) throw receiveError(dataset, request, outcome)',
    replace: 'if (received === undefined) return []',
  },
  {
    what: 'the exit status of receive is all that counts',
    file: 'endpoint/receive.ts',
    find: 'if (received === undefined) throw receiveError(dataset, request, outcome)',
    replace:
      "if (received === undefined || outcome.kind === 'failed') throw receiveError(dataset, request, outcome)",
  },
  {
    what: 'of a series that breaks off, all that was begun counts as arrived',
    file: 'endpoint/receive.ts',
    find: 'return missing === -1 ? requests.length : missing',
    replace: 'return missing === -99 ? missing : requests.length',
  },
  {
    what: 'the cursor moves although the series has broken off',
    file: 'replicate/run-series.ts',
    find: "if (reply.failure === undefined && finish === 'now')",
    replace: '',
  },
  {
    what: 'the older hold goes although the new one could not be made',
    file: 'endpoint/last-received.ts',
    find: ".filter(({make}) => firstFailure(make.map(made)).kind === 'done')",
    replace: '',
  },
  {
    what: 'the last received snapshot is not held',
    file: 'endpoint/last-received.ts',
    find: 'make: ours.includes(to.name) ? [] : [{snapshot: nameOfSnapshot(to), tag}],',
    replace: 'make: [],',
  },
  {
    what: 'older last-received holds stay',
    file: 'endpoint/last-received.ts',
    find: '.filter((name) => name !== to.name)',
    replace: '.filter(() => false)',
  },
  {
    what: 'receive always forces',
    file: 'zfs/argv.ts',
    find: "args.replacesPlaceholder ? ['-F'] : []",
    replace: "['-F']",
  },
  {
    what: 'receive never forces',
    file: 'zfs/argv.ts',
    find: "args.replacesPlaceholder ? ['-F'] : []",
    replace: '[]',
  },
  {
    what: 'what arrived of an interrupted stream is thrown away',
    file: 'zfs/argv.ts',
    find: "changing('receive', '-s', '-u',",
    replace: "changing('receive', '-u',",
  },
  {
    what: 'guids are compared as numbers',
    file: 'plan/diff.ts',
    find: 'new Map(sender.map(({guid}, index) => [guid, index]))',
    replace:
      'new (class extends Map { get(key) { return super.get(Number(key)) } has(key) { return super.has(Number(key)) } })(sender.map(({guid}, index) => [Number(guid), index]))',
  },
  {
    what: 'guids are compared as numbers when looking for what is missing',
    file: 'plan/diff.ts',
    find: 'if (known.has(guid)) return false',
    replace: 'if (Array.from(known).some((other) => Number(other) === Number(guid))) return false',
  },
  {
    what: 'history is ordered by date',
    file: 'zfs/version.ts',
    find: 'if (a.createtxg !== b.createtxg) return a.createtxg < b.createtxg ? -1 : 1',
    replace: 'if (a.creation !== b.creation) return a.creation < b.creation ? -1 : 1',
  },
  {
    what: 'a receiver that has gone another way is overwritten in thought',
    file: 'plan/diff.ts',
    find: 'if (isNonEmpty(receiverOnly)) return',
    replace: 'if (isNonEmpty(receiverOnly) && receiverOnly.length > 99) return',
  },
  {
    what: 'a token is used whatever its base is',
    file: 'plan/resume.ts',
    find: 'if (receiver.at(-1)?.guid !== from.guid)',
    replace: 'if (receiver.length > 99)',
  },
  {
    what: 'a token is used although its snapshot is gone',
    file: 'plan/resume.ts',
    find: 'ours.filter(isSnapshot).find(({guid}) => guid === state.toguid)',
    replace: 'ours.filter(isSnapshot).at(-1)',
  },
  {
    what: 'every step is sent with the token of the first',
    file: 'plan/step.ts',
    find: 'protection: incremental, resumeToken: undefined})',
    replace: 'protection: incremental, resumeToken})',
  },
  {
    what: 'a useless partial receive is not given up',
    file: 'replicate/before-streams.ts',
    find: 'if (stuck.length === 0) return',
    replace: 'if (stuck.length < 99) return',
  },
  {
    what: 'the first step is not protected',
    file: 'replicate/before-streams.ts',
    find: 'chunkByBytes(requests, PROTECT_LIMITS, bytesOf)',
    replace: 'chunkByBytes(requests, PROTECT_LIMITS, bytesOf).slice(1)',
  },
  {
    what: 'later steps are not protected',
    file: 'replicate/run-filesystem.ts',
    find: 'isProtected: index === 0',
    replace: 'isProtected: index < 99',
  },
  {
    what: 'a step that cannot be protected is sent nevertheless',
    file: 'replicate/outcomes.ts',
    find: "if (outcome?.kind === 'done') continue",
    replace: 'if (outcome !== undefined) continue',
  },
  {
    what: 'the cursor moves before the receiver has confirmed',
    file: 'rpc/remote.ts',
    find: 'return await answerToWhole(ctx, lane, answer, sendRequests.length)',
    replace: 'answer.catch(() => {}); return {arrived: sendRequests.length, warnings: []}',
  },
  {
    what: 'a connection in the middle of a stream is used again',
    file: 'rpc/lanes.ts',
    find: 'if (lane?.idle() !== true) {',
    replace: 'if (lane === undefined) {',
  },
  {
    what: 'the server goes on in the middle of a stream',
    file: 'rpc/serve.ts',
    find: "return inStream ? 'in-stream' : 'at-frame'",
    replace: "return 'at-frame'",
  },
  {
    what: 'the server tells of an error in the middle of its own stream',
    file: 'rpc/serve.ts',
    find: "if (request.verb === 'send' && inStream) throw error",
    replace: '',
  },
  {
    what: 'a hold that failed counts as made',
    file: 'zfs-client/hold.ts',
    find: 'now?.get(snapshot)?.includes(tag) ? DONE : failed(reasonOf(snapshot))',
    replace: 'now === undefined ? failed(reasonOf(snapshot)) : DONE',
  },
  {
    what: 'a bookmark that failed counts as made',
    file: 'zfs-client/bookmark.ts',
    find: 'return found !== undefined && found.guid === bookmarks[index]?.source.guid',
    replace: 'return found !== undefined || bookmarks[index] !== undefined',
  },
  {
    what: 'a listing that is silent about what was asked for is believed',
    file: 'zfs/read-properties.ts',
    find: 'problemOfRows(current, properties) ?? problemOfRoots(query, datasets, missingRoots)',
    replace: 'problemOfRows(current, properties)',
  },
  {
    what: 'a name that is listed twice is believed',
    file: 'zfs/read-list.ts',
    find: 'if (problem !== undefined) throw',
    replace: 'if (problem === undefined) ordered.set(dataset, sorted); else if (sorted.length > 99) throw',
  },
  {
    what: 'pruning goes on after a failed replication',
    file: 'prune/may-prune.ts',
    find: "onConflict === 'destroy' ? 'all' : 'older-than-cursor', receiver: 'nothing'}",
    replace: "onConflict === 'destroy' ? 'all' : 'all', receiver: 'all'}",
  },
  {
    what: 'nothing is protected from the rules',
    file: 'prune/judge.ts',
    find: 'protectedGuids.get(snapshot.guid) ?? []',
    replace: '[]',
  },
  {
    what: 'holds do not protect',
    file: 'prune/protect.ts',
    find: 'snapshot.userrefs > 0 || tagsOf(snapshot).length > 0',
    replace: 'snapshot.userrefs > 99 || tagsOf(snapshot).length > 99',
  },
  {
    what: 'last_n keeps one too few',
    file: 'prune/keep-last-n.ts',
    find: 'index < count',
    replace: 'index < count - 1',
  },
  {
    what: 'everything counts as replicated',
    file: 'prune/candidates.ts',
    find: 'replicated: last !== undefined && snapshot.createtxg <= last.createtxg,',
    replace: 'replicated: true,',
  },
  {
    what: 'a snapshot is destroyed by name whatever it is now',
    file: 'zfs-client/destroy-judged.ts',
    find: 'found.guid !== snapshot.guid',
    replace: 'found.guid === undefined',
  },
  {
    what: 'what an earlier run has left is not finished',
    file: 'plan/finish.ts',
    find: 'if (!completeSender && !holdReceiver) return undefined',
    replace: 'if (completeSender || holdReceiver || common) return undefined',
  },
  {
    what: 'snapshots are always due',
    file: 'plan/due.ts',
    find: 'return nowMs >= nextDueMs - early ?',
    replace: 'return nowMs >= 0 ?',
  },
  {
    what: 'children are sent before their parents have arrived',
    file: 'plan/job-plan.ts',
    find: 'parentsOf(plan.filesystem).filter(isWaitedFor)',
    replace: 'parentsOf(plan.filesystem).filter((path) => isWaitedFor(path) && path.length > 99)',
  },
  {
    what: 'to try is progress',
    file: 'progress/run-state.ts',
    find: "return {...state, streams}\n  }\n}\n\n/** A step's",
    replace: "return progressed({...state, streams}, nowMs)\n  }\n}\n\n/** A step's",
  },
  {
    what: 'a failure takes back no progress',
    file: 'progress/run-state.ts',
    find: 'return (state) => ({...notBegun(filesystem, error)(state), error})',
    replace: 'return (state) => ({...notBegun(filesystem, error)(state)})',
  },
  {
    what: 'everybody who comes takes the place of a stuck run',
    file: 'app/take-job.ts',
    find: 'return place.lockNext()',
    replace: 'return {fd: -1, release() {}}',
  },
  {
    what: 'a run works beside another',
    file: 'app/take-job.ts',
    find: "if (progress === undefined || verdict.kind === 'leave') throw because(busy, verdict.because)",
    replace: "if (progress === undefined || verdict.kind === 'leave') return {fd: -1, release() {}}",
  },
  {
    what: 'a connection that was closed is used again',
    file: 'rpc/remote.ts',
    find: '() => lane.close(), error)',
    replace: '() => lane.connection.close(), error)',
  },
  {
    what: 'a stream that the library broke off counts as through',
    file: 'zfs-client/library-stream.ts',
    find: 'return end.errno === 0 ? DONE : failed(failureOf(end.errno))',
    replace: 'return end.errno === 0 ? DONE : failureOf(end.errno) && DONE',
  },
  {
    what: 'a library whose process has ended counts as through',
    file: 'zfs-client/library-stream.ts',
    find: "return failed({kind: 'unknown', message: 'the process that calls libzfs_core has ended'})",
    replace: 'return DONE',
  },
  {
    what: 'the library begins a stream anew that is to be continued',
    file: 'zfs-client/library-stream.ts',
    find: 'resume: {object, offset, bytes},',
    replace: 'resume: (void [object, offset, bytes], undefined),',
  },
  {
    what: 'the library sends all of a snapshot where an increment was planned',
    file: 'zfs-client/library-stream.ts',
    find: 'from: from && nameOfVersion(from)}',
    replace: 'from: from && nameOfVersion(from) && undefined}',
  },
  {
    what: 'what is gone already cannot be destroyed',
    file: 'zfs-client/destroy-judged.ts',
    find: 'case 0:\n    case ERRNO.missing:\n      return DONE',
    replace:
      "case 0:\n      return DONE\n    case ERRNO.missing:\n      return failed({kind: 'unknown', message: 'not there'})",
  },
]
