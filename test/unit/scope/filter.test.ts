import {describe, expect, test} from 'vitest'
import {parseFilter} from '../../../src/lib/scope/filter.ts'
import {parseDatasetName} from '../../../src/lib/zfs/name.ts'

type Patterns = Readonly<Record<string, boolean>>

function filter(patterns: Patterns) {
  return parseFilter(new Map(Object.entries(patterns)))
}

const HOMES = {'tank<': true, 'tank/tmp<': false, 'tank/home/x<': false, 'tank/home/x/1': true}
const BOB = {'tank/home/bob': true, 'tank/home/bob<': false}

describe('which datasets a filter accepts', () => {
  test.each<[Patterns, string, boolean]>([
    [HOMES, 'zroot', false],
    [HOMES, 'tank', true],
    [HOMES, 'tank/tmp', false],
    [HOMES, 'tank/tmp/foo', false],
    [HOMES, 'tank/home/x', false],
    [HOMES, 'tank/home/y', true],
    [HOMES, 'tank/home/x/1', true],
    [HOMES, 'tank/home/x/2', false],
    [HOMES, 'tank/home/x/1/deeper', false],
    [HOMES, 'tank/home/xy', true],
    [HOMES, 'tank/tmpfoo', true],
    [HOMES, 'tank2', false],
    [BOB, 'tank/home/bob', true],
    [BOB, 'tank/home/bob/downloads', false],
    [{}, 'tank', false],
    [{'tank/a': true}, 'tank/a', true],
    [{'tank/a': true}, 'tank/a/b', false],
    [{'tank/a': true}, 'tank', false],
    [{'tank/a': true}, 'tank/ab', false],
    [{'tank/a': true}, 'tank/A', false],
    [{'tank/a<': true}, 'tank/ab', false],
    [{'tank/a<': true}, 'tank/a b', false],
    [{'<': true}, 'anything/at all', true],
    [{'<': true, 'tank<': false}, 'tank/x', false],
    [{'<': true, 'tank<': false}, 'tank2/x', true],
    [{'<': false, 'tank<': true}, 'tank/x', true],
    [{'tank<': true, tank: false}, 'tank', false],
    [{'tank<': true, tank: false}, 'tank/x', true],
  ])('%j, %s: %j', (patterns, dataset, expected) => {
    expect(filter(patterns).accepts(parseDatasetName(dataset))).toBe(expected)
  })

  test('the order of the patterns does not matter', () => {
    const reversed = Object.fromEntries(Object.entries(HOMES).toReversed())
    for (const dataset of ['tank', 'tank/tmp/foo', 'tank/home/x', 'tank/home/x/1', 'tank/home/y'].map(
      parseDatasetName,
    )) {
      expect(filter(reversed).accepts(dataset)).toBe(filter(HOMES).accepts(dataset))
    }
  })

  test('the patterns are kept as the configuration says', () => {
    expect(Array.from(filter(HOMES).patterns)).toEqual(Object.entries(HOMES))
  })
})

const VMS = {
  'tank/vm-*': true,
  'tank/vm-*<': false,
  'tank/vm-test?': false,
  'tank/*/home<': true,
  'tank/old*/home<': false,
}

describe('wildcards', () => {
  test.each<[Patterns, string, boolean]>([
    [VMS, 'tank/vm-1', true],
    [VMS, 'tank/vm-', true],
    [VMS, 'tank/vm', false],
    [VMS, 'tank/vm-1/disk', false],
    [VMS, 'tank/vm-test1', false],
    [VMS, 'tank/vm-test', true],
    [VMS, 'tank/vm-test12', true],
    [VMS, 'tank/eve/home', true],
    [VMS, 'tank/eve/home/mail', true],
    [VMS, 'tank/old-eve/home', false],
    [VMS, 'tank/eve/homes', false],
    [VMS, 'tank/a/b/home', false],
    [VMS, 'tank/vm-1/home', true],
    [{'*': true}, 'tank', true],
    [{'*': true}, 'tank/a', false],
    [{'t?nk<': true}, 'tank/a', true],
    [{'tank/*': true, 'tank/a': false}, 'tank/a', false],
    [{'tank/a*': true, 'tank/*b': false}, 'tank/ab', false],
    [{'tank/a*': false, 'tank/*b': true}, 'tank/ab', false],
    [{'<': true, 'tank/*': false}, 'tank/a', false],
    [{'<': true, 'tank/*': false}, 'tank/a/b', true],
  ])('%j, %s: %j', (patterns, dataset, expected) => {
    expect(filter(patterns).accepts(parseDatasetName(dataset))).toBe(expected)
  })

  test.each<[Patterns, readonly string[]]>([
    [VMS, ['tank']],
    [{'tank/vms/*': true}, ['tank/vms']],
    [{'tank/vms/a*/b': true, 'tank/vms/x': true}, ['tank/vms']],
    [{'t*': true, 'tank/a': true}, []],
  ])('%j is listed from %j', (patterns, roots) => {
    expect(filter(patterns).roots).toEqual(roots)
  })
})

test.each<[Patterns, boolean]>([
  [{'tank/a': true, 'tank/b': true}, false],
  [{'tank/a': true, 'tank/a<': false}, false],
  [{'tank/a': true, 'tank/a/b': true}, true],
  [{'tank/a<': true}, true],
  [{'<': true}, true],
  [{'tank/*': true}, true],
])('%j looks below its roots: %j', (patterns, recursive) => {
  expect(filter(patterns).recursive).toBe(recursive)
})

describe('what has to be listed', () => {
  test.each<[Patterns, readonly string[]]>([
    [{'<': true}, []],
    [{'<': true, 'tank<': true}, []],
    [{'<': false, 'tank/a<': true}, ['tank/a']],
    [HOMES, ['tank']],
    [{'tank/a<': true, 'tank/ab<': true}, ['tank/a', 'tank/ab']],
    [{'tank/a/b': true, 'tank/a': true}, ['tank/a']],
    [{'z<': true, 'a<': true, 'a/b<': true}, ['a', 'z']],
    [{tank: true, 'tank<': true}, ['tank']],
    [{'tank<': false}, []],
  ])('%j: %j', (patterns, roots) => {
    expect(filter(patterns).roots).toEqual(roots.map(parseDatasetName))
  })

  test('every accepted dataset lies below a root, in all small filters', () => {
    const paths = ['a', 'a/b', 'a/b/c', 'ab']
    const keys = ['<', ...paths, ...paths.map((path) => `${path}<`)]
    for (let world = 0; world < 3 ** keys.length; world++) {
      const patterns = keys.flatMap((key, index): [string, boolean][] => {
        const choice = Math.floor(world / 3 ** index) % 3
        return choice === 0 ? [] : [[key, choice === 1]]
      })
      const parsed = parseFilter(new Map(patterns))
      const {roots} = parsed
      const listed = (path: string) =>
        roots.length === 0 || roots.some((root) => `${path}/`.startsWith(`${root}/`))
      for (const path of [...paths, 'a/x', 'a/b/x', 'ab/x']) {
        if (parsed.accepts(parseDatasetName(path)) && !listed(path))
          expect.fail(`${JSON.stringify(patterns)} does not list ${path}`)
      }
      for (const root of roots) {
        const others = roots.filter((other) => other !== root)
        if (others.some((other) => `${root}/`.startsWith(`${other}/`)))
          expect.fail(`${JSON.stringify(patterns)} lists twice`)
      }
    }
  })
})

test.each<[Patterns, readonly string[]]>([
  [{'<': true}, []],
  [{'<': true, 'tank/a': true}, ['tank/a']],
  [{tank: true, 'tank/a': true}, ['tank', 'tank/a']],
  [{'tank/a': true, 'tank/*': true}, ['tank', 'tank/a']],
  [{'tank<': true, 'tank/a<': true, 'tank/b': false, 'tank/c<': false}, ['tank', 'tank/a']],
  [{'tank/b': true, 'tank/b<': true, 'tank/a': true}, ['tank/a', 'tank/b']],
  [{'t*': true, 'tank/*/home<': true}, ['tank']],
])('%j names %j', (patterns, named) => {
  expect(filter(patterns).named).toEqual(named)
})

describe('patterns that can mean no dataset', () => {
  test.each([
    ['', 'empty'],
    ['<<', 'last character'],
    ['tank<<', 'last character'],
    ['a<b', 'last character'],
    ['<tank', 'last character'],
    ['tank/', "drop the slash: 'tank'"],
    ['tank/<', "drop the slash: 'tank<'"],
    ['/tank', 'bad dataset name'],
    ['tank//a<', 'bad dataset name'],
    ['tank@a', 'bad dataset name'],
    ['tank#a', 'bad dataset name'],
    ['tank/a|b', 'bad dataset name'],
    ['tank/a\tb', 'bad dataset name'],
    ['tank>', 'bad dataset name'],
    ['tank/**', 'stays within one component'],
    ['9*', 'bad dataset name'],
    ['tank/[a]', 'bad dataset name'],
    ['tank/../other<', 'bad dataset name'],
    ['tank/%', 'bad dataset name'],
    ['tank/\u0430', 'bad dataset name'],
  ])('%j: %s', (pattern, problem) => {
    expect(() => filter({tank: true, [pattern]: false})).toThrow(problem)
  })

  test('the message names the pattern, safe to print', () => {
    expect(() => filter({'tank\u001b[0m': true})).toThrow("bad filter pattern 'tank\\x1b[0m'")
  })
})
