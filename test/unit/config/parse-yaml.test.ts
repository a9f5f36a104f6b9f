import {describe, expect, test} from 'vitest'
import {parseYaml} from '../../../src/lib/config/parse-yaml.ts'
import {nodeAt, toValue} from '../../../src/lib/config/yaml-tree.ts'

describe('plain words', () => {
  test.each<[string, unknown]>([
    ['yes', true],
    ['Yes', true],
    ['YES', true],
    ['y', true],
    ['on', true],
    ['ON', true],
    ['true', true],
    ['True', true],
    ['no', false],
    ['n', false],
    ['Off', false],
    ['FALSE', false],
    ['yEs', 'yEs'],
    ['"yes"', 'yes'],
    ["'on'", 'on'],
    ['!!str no', 'no'],
    ['~', null],
    ['null', null],
    ['', null],
    ['"~"', '~'],
    ['0', 0],
    ['-3', -3],
    ['+3', 3],
    ['10', 10],
    ['1.5', 1.5],
    ['1e3', 1000],
    ['0x1F', 31],
    ['0o17', 15],
    ['010', '010'],
    ['1_000', '1_000'],
    ['12:30', '12:30'],
    ['2026-01-02', '2026-01-02'],
    ['2026-01-02T03:04:05Z', '2026-01-02T03:04:05Z'],
    ['.inf', '.inf'],
    ['1h', '1h'],
    ['=', '='],
    ['a: b'.replace(' ', ''), 'a:b'],
  ])('%s', (text, value) => {
    expect(read(`- ${text}`)).toEqual([value])
  })

  test('a block of text is text', () => {
    expect(read('- |\n  yes\n- >-\n  no\n')).toEqual(['yes\n', 'no'])
  })
})

describe('keys', () => {
  test.each([
    ['on: 1', ['on']],
    ['yes: 1\ntrue: 2', ['yes', 'true']],
    ['1: 1\n"2": 2\n3.0: 3', ['1', '2', '3.0']],
    ['~: 1\nnull: 2', ['~', 'null']],
    ['__proto__: 1\nconstructor: 2\ntoString: 3', ['__proto__', 'constructor', 'toString']],
    ['"<<": 1', ['<<']],
  ])('%j are text', (text, keys) => {
    expect(Object.keys(read(text) as object)).toEqual(keys)
  })

  test('a key of any name is only a key', () => {
    const value = read('__proto__: {polluted: yes}') as Record<string, unknown>
    expect(Object.getPrototypeOf(value)).toBeNull()
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
  })

  test.each([
    ['a: 1\na: 2', '2:1 the key "a" is here twice'],
    ['{a: 1, "a": 2}', '1:8 the key "a" is here twice'],
    ['1: 1\n"1": 2', '2:1 the key "1" is here twice'],
    ['? [a]\n: 1', '1:3 a key must be a word'],
    ['? {a: b}\n: 1', '1:3 a key must be a word'],
    ['a: &a b\n*a : 1', '2:1 a key must be a word'],
  ])('%j is refused', (text, problem) => {
    expect(problemsOf(text)).toContain(problem)
  })
})

describe('merge keys and aliases', () => {
  test.each<[string, string, unknown]>([
    ['a merged key is there', '- &a {x: 1}\n- <<: *a\n  y: 2', [{x: 1}, {x: 1, y: 2}]],
    [
      'an own key wins, wherever it stands',
      '- &a {x: 1}\n- {x: 2, <<: *a}\n- {<<: *a, x: 3}',
      [{x: 1}, {x: 2}, {x: 3}],
    ],
    ['of several maps the first wins', '- &a {x: 1}\n- <<: [*a, {x: 2, y: 2}]', [{x: 1}, {x: 1, y: 2}]],
    [
      'merges can be merged',
      '- &a {x: 1}\n- &b {<<: *a, y: 2}\n- {<<: *b}',
      [{x: 1}, {x: 1, y: 2}, {x: 1, y: 2}],
    ],
    ['an alias repeats any value', '- &a [1]\n- *a\n- &b b\n- *b', [[1], [1], 'b', 'b']],
    ['the last anchor of a name counts', '- &a 1\n- *a\n- &a 2\n- *a', [1, 1, 2, 2]],
  ])('%s', (_name, text, value) => {
    expect(read(text)).toEqual(value)
  })

  test('a merged value stands where it was written', () => {
    const {root, lines} = parseYaml('- &a {x: word}\n- <<: *a\n')
    expect(lines.linePos(nodeAt(root, [1, 'x'])?.start ?? 0)).toEqual({line: 1, col: 10})
  })

  test('repetitions are not the same object', () => {
    const [first, second] = read('- &a {x: 1}\n- *a') as [object, object]
    expect(first).not.toBe(second)
  })

  test.each([
    ['- *a', '1:3 there is no anchor &a before'],
    ['- *a\n- &a 1', '1:3 there is no anchor &a before'],
    ['a: &a [*a]', '1:8 *a contains itself'],
    ['&a {b: {c: *a}}', '1:12 *a contains itself'],
    ['- <<: 1', '1:7 << takes a map or a list of maps'],
  ])('%j is refused', (text, problem) => {
    expect(problemsOf(text)).toEqual([problem])
  })

  test('a hundred repetitions are fine, one more is not', () => {
    expect(problemsOf(`- &a x\n- [${'*a, '.repeat(100)}]`)).toEqual([])
    expect(problemsOf(`- &a x\n- [${'*a, '.repeat(101)}]`)).toEqual([
      '2:404 aliases repeat their anchors more than 100 times',
    ])
  })

  test('repetitions of repetitions count', () => {
    const nine = '*a, '.repeat(9)
    expect(problemsOf(`- &a x\n- &b [${nine}]\n- [${'*b, '.repeat(9)}]`)).toEqual([])
    expect(problemsOf(`- &a x\n- &b [${nine}]\n- [${'*b, '.repeat(10)}]`)).toHaveLength(1)
  })

  test('a bomb of anchors costs nothing', () => {
    const levels = Array.from({length: 10}, (_, n) => `a${n + 1}: &a${n + 1} [${`*a${n}, `.repeat(10)}]`)
    const bomb = ['a0: &a0 [x, x, x, x, x, x, x, x, x, x]', ...levels].join('\n')
    const times = Array.from({length: 5}, () => {
      const start = performance.now()
      expect(problemsOf(bomb)).toEqual(['3:9 aliases repeat their anchors more than 100 times'])
      return performance.now() - start
    })
    expect(Math.min(...times)).toBeLessThan(50)
  })
})

describe('syntax', () => {
  test.each([
    ['a:\n\t- b', '2:1 a tab is not indentation'],
    ['a: b: c', '1:4 nested mappings are not allowed in compact mappings'],
    ['a: "b', '1:6 missing closing "quote'],
    ['a: [b\nc: d', '2:1 flow sequence in block collection must be sufficiently indented and end with a ]'],
    ['a: 1\n---\nb: 2', '2:1 a second document begins here'],
    ['a: !!js/function "x"', '1:4 tags are not allowed'],
    ['a: !!int 3', '1:4 tags are not allowed'],
    ['a: !local {b: c}', '1:4 tags are not allowed'],
    ['a: @b', '1:4 plain value cannot start with reserved character @'],
  ])('%j is refused', (text, problem) => {
    expect(problemsOf(text)).toContain(problem)
  })

  test('a byte order mark, carriage returns and one document mark are fine', () => {
    expect(read('\ufeff%YAML 1.1\r\n---\r\na: 12:30\r\nb: c\r\n...\r\n')).toEqual({a: '12:30', b: 'c'})
  })

  test('a file without content is empty, not wrong', () => {
    for (const text of ['', ' \n', '# nothing\n', '---\n']) {
      expect(parseYaml(text).problems).toEqual([])
    }
    expect(parseYaml('').root).toBeUndefined()
  })

  test.each([
    ['nested', '['.repeat(60) + ']'.repeat(60)],
    ['nested for ever', '['.repeat(20_000)],
  ])('%s too deeply is refused', (_name, text) => {
    expect(problemsOf(text)).toEqual([expect.stringMatching(/it is nested too deeply$/)])
  })

  test('more values than anybody writes are refused', () => {
    expect(problemsOf(`[${'a,'.repeat(50_000)}]`)).toEqual(['1:1 there are more than 50000 values here'])
  })

  test('after many mistakes it stops telling', () => {
    expect(parseYaml('\t- a\n'.repeat(1000)).problems.length).toBeLessThanOrEqual(20)
  })
})

function read(text: string): unknown {
  const {root, problems} = parseYaml(text)
  expect(problems).toEqual([])
  return root === undefined ? undefined : toValue(root)
}

function problemsOf(text: string): readonly string[] {
  const {problems, lines} = parseYaml(text)
  return problems.map(({start, message}) => {
    const {line, col} = lines.linePos(start)
    return `${line}:${col} ${message}`
  })
}
