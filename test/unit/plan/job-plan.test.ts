import {describe, expect, test} from 'vitest'
import {planReplication} from '../../../src/lib/plan/job-plan.ts'
import type {FilesystemView} from '../../../src/lib/plan/observation.ts'
import type {ReplicationPolicy} from '../../../src/lib/plan/policy.ts'
import {tokenFor} from './token.ts'
import {cursor, PUSH, policy, SINK, view} from './views.ts'

function plan(
  sender: readonly FilesystemView[],
  receiver: readonly FilesystemView[],
  wanted: ReplicationPolicy = policy(),
) {
  return planReplication({
    sender: {jobId: PUSH, filesystems: sender},
    receiver: {jobId: SINK, filesystems: receiver},
    policy: wanted,
  })
}

function order(
  sender: readonly FilesystemView[],
  receiver: readonly FilesystemView[] = [],
): readonly string[] {
  return plan(sender, receiver).filesystems.map(({filesystem}) => filesystem)
}

function waits(
  sender: readonly FilesystemView[],
  receiver: readonly FilesystemView[],
  wanted?: ReplicationPolicy,
) {
  return Object.fromEntries(
    plan(sender, receiver, wanted).filesystems.map(({filesystem, after}) => [filesystem, after]),
  )
}

describe('which filesystems', () => {
  test('all of the sender’s, none that only the receiver has', () => {
    expect(
      order([view('@a,1', {name: 'tank'})], [view('@x,9', {name: 'old'}), view('@a,1', {name: 'tank'})]),
    ).toEqual(['tank'])
  })

  test('matched by whole names', () => {
    const [planned] = plan(
      [view('@a,1 @b,2', {name: 'tank/a'})],
      [view('@a,1', {name: 'tank/a2'}), view('@a,1', {name: 'tank'})],
    ).filesystems
    expect(planned).toMatchObject({kind: 'steps', steps: [{from: undefined, to: {name: 'b'}}]})
  })

  test('with the copies of each that were set aside, so that two senders do not take turns', () => {
    const wanted = {...policy(), diverged: 'rename-aside'} as const
    const holds = {y: 'zrepl_last_received_J_sink'}
    const there = (name: string) => [
      view('@y,9', {name: 'tank/a', holds}),
      view('@y,9', {name: 'tank/b', holds}),
      view('@a,1', {name}),
    ]
    const sender = [view('@a,1', {name: 'tank/a'}), view('@a,1', {name: 'tank/b'})]
    const conflicts = (name: string) =>
      plan(sender, there(name), wanted).filesystems.flatMap(({filesystem, kind}) =>
        kind === 'conflict' ? [filesystem] : [],
      )
    expect(conflicts('tank/a_diverged_0000000000000001')).toEqual(['tank/a'])
    expect(conflicts('tank/b_diverged_0000000000000001_12')).toEqual(['tank/b'])
    expect(conflicts('tank/a_diverged_0000000000000002')).toEqual([])
  })

  test('one filesystem’s conflict is no other’s', () => {
    const filesystems = [view('@a,1 @b,2', {name: 'tank/a'}), view('@a,1 @b,2', {name: 'tank/b'})]
    const kinds = plan(filesystems, [
      view('@x,9', {name: 'tank/a'}),
      view('@a,1', {name: 'tank/b'}),
    ]).filesystems.map(({kind}) => kind)
    expect(kinds).toEqual(['conflict', 'steps'])
  })

  test('listed twice', () => {
    expect(() => order([view('@a,1'), view('@a,1')])).toThrow('listed twice')
    expect(() => order([], [view('@a,1'), view('@a,1')])).toThrow('listed twice')
  })
})

describe('order', () => {
  test('by name when equally old', () => {
    const round = ['tank/c', 'tank', 'tank/a', 'tank/a/x', 'tank/b'].map((name) => view('@s,5', {name}))
    expect(order(round)).toEqual(['tank', 'tank/a', 'tank/a/x', 'tank/b', 'tank/c'])
  })

  test('the oldest unsent snapshot first', () => {
    const sender = [
      view('@a,1 @b,20', {name: 'tank/a'}),
      view('@a,1 @b,10', {name: 'tank/b'}),
      view('@a,1 @b,5', {name: 'tank/c'}),
    ]
    expect(
      order(
        sender,
        sender.map((one) => ({...one, versions: one.versions.slice(0, 1)})),
      ),
    ).toEqual(['tank/c', 'tank/b', 'tank/a'])
  })

  test('a parent before its children, however young it is, and they keep their place behind it', () => {
    const sender = [
      view('@s,1', {name: 'tank/a/x'}),
      view('@s,30', {name: 'tank/a'}),
      view('@s,20', {name: 'tank/b'}),
    ]
    expect(order(sender)).toEqual(['tank/b', 'tank/a', 'tank/a/x'])
  })

  test('with nothing to send first', () => {
    const sender = [view('@s,1', {name: 'tank/a'}), view(`@s,2 ${cursor(2)}`, {name: 'tank/b'})]
    const receiver = [view('@s,2', {name: 'tank/b', holds: {s: 'zrepl_last_received_J_sink'}})]
    expect(order(sender, receiver)).toEqual(['tank/b', 'tank/a'])
  })

  test('does not depend on the order of the listing', () => {
    const sender = ['tank', 'tank/a', 'tank/a b', 'tank/a/x', 'tank/b'].map((name, index) =>
      view(`@s,${((index * 7) % 3) + 1}`, {name}),
    )
    expect(order(sender.toReversed())).toEqual(order(sender))
  })
})

describe('what has to be there first', () => {
  const names = ['tank', 'tank/a', 'tank/a/x']
  const all = (history: string) => names.map((name) => view(history, {name}))

  test('all parents that are sent in full, for a filesystem that is sent in full', () => {
    expect(waits(all('@s,1'), [])).toEqual({tank: [], 'tank/a': ['tank'], 'tank/a/x': ['tank', 'tank/a']})
  })

  test('nothing for increments', () => {
    const receiver = all('@r,1').slice(1)
    expect(waits(all('@r,1 @s,2'), receiver)).toEqual({tank: [], 'tank/a': [], 'tank/a/x': []})
  })

  test('no parent that the receiver has already, or that is not in the job', () => {
    const [, middle] = all('@s,1')
    const receiver = middle === undefined ? [] : [middle]
    expect(waits(all('@s,1').slice(1), receiver)).toEqual({'tank/a': [], 'tank/a/x': []})
  })

  test('no placeholder', () => {
    const [top, ...rest] = all('@s,1')
    expect(
      waits(top === undefined ? [] : [{...top, placeholder: true, versions: []}, ...rest], [])['tank/a'],
    ).toEqual([])
  })

  test('a parent whose full receive is continued', () => {
    const receiver = [view('', {name: 'tank', resumeToken: tokenFor(1)})]
    expect(waits(all('@s,1').slice(0, 2), receiver)).toEqual({tank: [], 'tank/a': ['tank']})
  })

  test('a parent in a conflict that keeps it from getting there', () => {
    const sender = [view('', {name: 'tank'}), view('@s,1', {name: 'tank/a'})]
    expect(waits(sender, [])).toEqual({tank: [], 'tank/a': ['tank']})
    expect(waits(sender, [view('', {name: 'tank'})])).toEqual({tank: [], 'tank/a': ['tank']})
  })

  test('not a parent in a conflict that is there', () => {
    const sender = [view('@s,1', {name: 'tank'}), view('@s,1', {name: 'tank/a'})]
    expect(waits(sender, [view('@x,9', {name: 'tank'})])).toEqual({tank: [], 'tank/a': []})
  })
})

test.each([
  [{kind: 'allowed', raw: true} as const, false],
  [{kind: 'allowed', raw: false} as const, true],
  [undefined, true],
])('a token that is not raw is continued if that is what would be sent: %j', (sending, expected) => {
  const more = sending === undefined ? {} : {sending}
  const sender = view('@a,1 @b,2', {encrypted: true, ...more})
  const [planned] = plan([sender], [view('@a,1', {resumeToken: tokenFor(2, 1)})]).filesystems
  expect(planned?.kind === 'steps' && planned.steps[0].resumeToken !== undefined).toBe(expected)
})

test('a plan is a value: it survives JSON, with big numbers as text', () => {
  const sender = [
    view('@a,1 @b,2', {name: 'tank/a'}),
    view('@s,1', {name: 'tank/b'}),
    view('@a,1', {name: 'tank/c'}),
    view('', {name: 'tank/d', placeholder: true}),
  ]
  const receiver = [
    view('@a,1', {name: 'tank/a'}),
    view('@x,9', {name: 'tank/b'}),
    view('@a,1', {name: 'tank/c'}),
  ]
  const planned = plan(sender, receiver)
  const text = JSON.stringify(planned, (_, value) => (typeof value === 'bigint' ? `${value}n` : value))
  const back = JSON.parse(text, (_, value) => (/^\d+n$/.test(value) ? BigInt(value.slice(0, -1)) : value))
  expect(back).toEqual(planned)
})

test('the same observation gives the same plan', () => {
  const sender = [view('@a,1 @b,2', {name: 'tank/a'}), view('@s,1', {name: 'tank/b'})]
  expect(plan(sender, [])).toEqual(plan(sender, []))
})

test('100,000 snapshots are planned within a second', () => {
  const history = Array.from({length: 1000}, (_, index) => `@s${index},${index + 1}`).join(' ')
  const sender = Array.from({length: 100}, (_, index) => view(history, {name: `tank/${index}`}))
  const receiver = sender.map((one) => ({...one, versions: one.versions.slice(0, 500)}))
  const begin = performance.now()
  expect(plan(sender, receiver).filesystems).toHaveLength(100)
  expect(performance.now() - begin).toBeLessThan(1000)
})
