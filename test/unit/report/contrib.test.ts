import {readFileSync} from 'node:fs'
import {join} from 'node:path'
import {describe, expect, test} from 'vitest'
import {parse} from 'yaml'

/** What operators get for Prometheus and Grafana names the metrics that we write, all of them. */
const ROOT = join(import.meta.dirname, '..', '..', '..')
const read = (...path: readonly string[]) => readFileSync(join(ROOT, ...path), 'utf8')

const written = Array.from(
  read('src', 'lib', 'report', 'render-metrics.ts').matchAll(/name: '(zrepl_\w+)'/g),
  ([, name]) => name ?? '',
).toSorted()

function namedIn(expressions: readonly string[]): readonly string[] {
  const names = expressions.flatMap((text) => text.match(/\bzrepl_(?!job\b)\w+/g) ?? [])
  return Array.from(new Set(names)).toSorted()
}

test('there are metrics', () => {
  expect(written).toHaveLength(8)
})

test('the dashboard shows each of them', () => {
  const dashboard = JSON.parse(read('contrib', 'grafana', 'zrepl.json'))
  const shown = dashboard.panels.flatMap(({targets}: {targets: {expr: string}[]}) =>
    targets.map(({expr}) => expr),
  )
  // When a run began tells which jobs there are.
  const chosen = dashboard.templating.list.map(({query}: {query: string}) => query)
  expect(namedIn([...shown, ...chosen])).toEqual(written)
})

describe('alerts', () => {
  const [group] = parse(read('contrib', 'prometheus', 'zrepl.rules.yml')).groups
  const rules: {alert: string; expr: string}[] = group.rules

  test('are on metrics that are written', () => {
    for (const name of namedIn(rules.map(({expr}) => expr))) expect(written).toContain(name)
  })

  test('are each tried out in the rules for promtool', () => {
    const [{alert_rule_test: tried}] = parse(read('contrib', 'prometheus', 'zrepl.rules.test.yml')).tests
    const names = new Set(tried.map(({alertname}: {alertname: string}) => alertname))
    expect(names).toEqual(new Set(rules.map(({alert}) => alert)))
  })
})
