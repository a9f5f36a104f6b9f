import {below, createRandom, oneOf, type Random} from '../sim/random.ts'
import {type Cut, type Sequence, type Step, wordsOf} from './sequence.ts'

/** A sequence of legal and illegal commands, the same for the same seed: few names, so that they often meet. */
export function randomSequence(seed: number, length: number): Sequence {
  const random = createRandom(seed)
  const start: readonly Step[] = [
    zfs('create ~/a'),
    {do: 'write', dataset: '~/a', first: 0, count: 5},
    zfs('snapshot ~/a@1'),
    {do: 'transfer', cut: 'whole', send: ['~/a@1'], receive: wordsOf('-s -u ~/r@1')},
  ]
  const steps = Array.from({length: length - start.length}, () => drawStep(random))
  return {id: `random-${seed}`, semantics: [], steps: [...start, ...steps]}
}

function drawStep(random: Random): Step {
  return oneOf(random, DRAWS)(random)
}

const dataset = (random: Random) => oneOf(random, ['~/a', '~/a', '~/r'])
const snapshot = (random: Random) => `${dataset(random)}@${oneOf(random, ['1', '2', '3', '4'])}`
const bookmark = (random: Random) => `${dataset(random)}#${oneOf(random, ['b', 'c'])}`
const tag = (random: Random) => oneOf(random, ['t', 'u'])
const cut = (random: Random): Cut => oneOf(random, ['whole', 'whole', 'whole', 'begun', 'most'])

const write = (random: Random): Step => ({
  do: 'write',
  dataset: '~/a',
  first: below(random, 3),
  count: 1 + below(random, 3),
})
const increment = (random: Random): Step => ({
  do: 'transfer',
  cut: cut(random),
  send: [
    '-i',
    oneOf(random, [() => snapshotOf(random, '~/a'), () => `~/a#${oneOf(random, ['b', 'c'])}`])(),
    snapshotOf(random, '~/a'),
  ],
  receive: ['-s', '-u', snapshotOf(random, '~/r')],
})
const hold = (random: Random) => zfs(`hold ${tag(random)} ${snapshot(random)} ${snapshot(random)}`)
const release = (random: Random) => zfs(`release ${tag(random)} ${snapshot(random)}`)
const destroy = (random: Random) =>
  zfs(`destroy ${dataset(random)}@${oneOf(random, ['1', '2', '3', '1,2', '2,3', '1,3,4'])}`)

/** Weighted by being there more than once. */
const DRAWS: readonly ((random: Random) => Step)[] = [
  (random) => zfs(`snapshot ${snapshot(random)}`),
  (random) => zfs(`snapshot ~/a@${oneOf(random, ['2', '3', '4'])}`),
  (random) => zfs(`snapshot ~/a@${oneOf(random, ['2', '3', '4'])}`),
  (random) => zfs(`snapshot ~/a@4 ~/r@4 ${snapshot(random)}`),
  (random) => zfs(`bookmark ${snapshot(random)} ${bookmark(random)}`),
  (random) => zfs(`bookmark ~/a@${oneOf(random, ['1', '2'])} ~/a#${oneOf(random, ['b', 'c'])}`),
  (random) => zfs(`destroy ${bookmark(random)}`),
  (random) => zfs(`rename ${snapshot(random)} ${oneOf(random, ['~/a@4', '~/r@4', '~/a@3'])}`),
  (random) => zfs(`rollback ${oneOf(random, ['', '-r '])}~/r@${oneOf(random, ['1', '2'])}`),
  () => zfs('receive -A ~/r'),
  (random) => ({
    do: 'resume',
    cut: cut(random),
    dataset: '~/r',
    send: [],
    receive: ['-s', '-u', snapshotOf(random, '~/r')],
  }),
  ...[hold, hold, release, destroy, destroy, write, write, increment, increment, increment, increment],
]

function snapshotOf(random: Random, name: string): string {
  return `${name}@${oneOf(random, ['1', '2', '2', '3', '3', '4'])}`
}

function zfs(words: string): Step {
  return {do: 'zfs', words: wordsOf(words)}
}
