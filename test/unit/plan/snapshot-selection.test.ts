import {describe, expect, test} from 'vitest'
import {compileRegex} from '../../../src/lib/core/linear-regex.ts'
import {planFilesystem} from '../../../src/lib/plan/filesystem-plan.ts'
import type {FilesystemView} from '../../../src/lib/plan/observation.ts'
import type {SnapshotSelection} from '../../../src/lib/plan/snapshot-selection.ts'
import {describeStep} from '../../../src/lib/plan/step.ts'
import {tokenFor} from './token.ts'
import {cursor, PUSH, policy, SINK, view} from './views.ts'

function plan(
  sender: FilesystemView,
  receiver: FilesystemView | undefined,
  snapshots: SnapshotSelection,
): string {
  const planned = planFilesystem({
    senderJob: PUSH,
    sender,
    hasChildrenThere: false,
    setAsideBefore: new Map(),
    receiverJob: SINK,
    receiver,
    policy: {...policy('all'), snapshots},
  })
  if (planned.kind === 'steps') return planned.steps.map(describeStep).join(', ')
  return planned.kind === 'conflict' ? planned.conflict.kind : planned.kind
}

const Z: SnapshotSelection = {prefix: 'z'}

describe('only what is selected is sent, and the chain holds', () => {
  test.each<[string, FilesystemView, FilesystemView | undefined, SnapshotSelection, string]>([
    ['all, where nothing is said', view('@a,1 @z1,2'), undefined, {}, 'full @a, @a -> @z1'],
    ['first', view('@a,1 @z1,2 @b,3 @z2,4 @c,5'), undefined, Z, 'full @z1, @z1 -> @z2'],
    ['increments', view('@z1,1 @b,2 @z2,3 @z3,4 @c,5'), view('@z1,1'), Z, '@z1 -> @z2, @z2 -> @z3'],
    ['from what is not selected', view('@a,1 @b,2 @z1,3'), view('@a,1'), Z, '@a -> @z1'],
    ['from a cursor', view(`${cursor(1)} @b,2 @z1,3`), view('@z0,1'), Z, `#${cursor(1).slice(1, -2)} -> @z1`],
    ['nothing new is selected', view('@z1,1 @b,2'), view('@z1,1'), Z, 'up-to-date'],
    ['nothing was ever selected', view('@a,1 @b,2'), undefined, Z, 'none-selected'],
    ['no snapshots', view(''), undefined, Z, 'no-sender-snapshots'],
    ['by regular expression', view('@a,1 @b,2 @ab,3'), undefined, {regex: compileRegex('a$')}, 'full @a'],
    ['by both', view('@za,1 @zb,2 @b,3'), undefined, {prefix: 'z', regex: compileRegex('b')}, 'full @zb'],
    [
      'a name that is taken, and not wanted',
      view('@z1,1 @x,2 @z2,3'),
      view('@x,9,1 @z1,1,2'),
      Z,
      '@z1 -> @z2',
    ],
  ])('%s', (_what, sender, receiver, selection, expected) => {
    expect(plan(sender, receiver, selection)).toBe(expected)
  })

  test('a step that has begun is completed, whatever its name', () => {
    const sender = view('@z1,1 @b,2 @c,3 @z2,4')
    const receiver = view('@z1,1', {resumeToken: tokenFor(2, 1)})
    expect(plan(sender, receiver, Z)).toBe('@z1 -> @b (resumed), @b -> @z2')
  })
})
