import {expect, test} from 'vitest'
import {formOf} from '../../differential/cycles/form.ts'

const LIST = ['list', '-Hp', '-t', 'snapshot,bookmark']
const destroy = ['program', '-j', 'tank', '-', 'tank/data/a@1', 'g1']

/** What is told of what a run has done on the sender. */
function toldOf(...commands: readonly (readonly string[])[]): readonly string[] | undefined {
  const ended = {status: 0, outcome: undefined}
  return formOf([{commands, ended, pools: []}], 'cli')[0]?.sender
}

test('before a run has made a snapshot, every look is compared', () => {
  expect(toldOf([...LIST, '-r', 'tank/data'], ['hold', 't', 'tank/data@1'])).toEqual([
    'list -Hp -t snapshot,bookmark -r tank/data',
    'hold t tank/data@1',
  ])
})

test.each([
  ['with all that is below', [...LIST, '-r', 'tank/data'], 'listed'],
  ['by itself', [...LIST, '-d', '1', '-r', 'tank/data/a'], 'listed'],
  ['by the name of a snapshot', [...LIST, 'tank/data/a@1'], 'listed'],
  ['of another dataset', [...LIST, '-d', '1', '-r', 'tank/data'], 'not listed'],
  ['of a dataset whose name begins like it', [...LIST, 'tank/data/ab@1'], 'not listed'],
  ['that shows no snapshots', ['list', '-Hp', '-t', 'filesystem', 'tank/data/a'], 'not listed'],
  ['of its properties only', ['get', '-Hp', 'type', 'tank/data/a'], 'not listed'],
])('behind the last stream a look %s shows in what is destroyed only', (_, look, listed) => {
  const sent = ['send', 'tank/data/a@2']
  expect(toldOf([...LIST, '-r', 'tank/data'], sent, look, destroy)).toEqual([
    'list -Hp -t snapshot,bookmark -r tank/data',
    'send tank/data/a@2',
    `tank/data/a: ${listed} before any of it is destroyed`,
    'program -j tank - tank/data/a@1 g1',
  ])
})
