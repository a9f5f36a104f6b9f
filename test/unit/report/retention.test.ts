import {describe, expect, test} from 'vitest'
import {count, text} from '../../../src/lib/core/html.ts'
import type {PrunedSnapshot, RunReport} from '../../../src/lib/report/report.ts'
import {lanesOf, rulesOf} from '../../../src/lib/report/retention/lanes.ts'
import {renderRetentionPage} from '../../../src/lib/report/retention/page.ts'
import {timeScale} from '../../../src/lib/report/retention/time-scale.ts'

const NOW = Date.parse('2026-11-23T15:00:00.000Z')
const DAY = 24 * 3_600_000

function snapshot(
  name: string,
  ageDays: number,
  reasons: PrunedSnapshot['reasons'],
  state: PrunedSnapshot['state'] = 'kept',
): PrunedSnapshot {
  const creation = new Date(NOW - ageDays * DAY).toISOString()
  return {name, state, because: 'because', creation, ...(reasons === undefined ? {} : {reasons})}
}

const LAST = {
  kind: 'last_n',
  rule: 'last_n 2',
  text: 'kept by last_n 2',
  until: 'until 2 newer ones are taken',
} as const
const REGEX = {kind: 'regex', rule: "regex '<b>&\"'", text: "kept by regex '<b>&\"'"} as const

const SNAPSHOTS = [
  snapshot(
    'gone',
    900,
    [
      {...LAST, text: 'last_n 2: not among the newest'},
      {...REGEX, text: 'no match'},
    ],
    'doomed',
  ),
  snapshot('named', 40, [REGEX]),
  snapshot('new', 1, [{kind: 'newest', text: 'kept: newest snapshot'}, LAST]),
]

const REPORT: RunReport = {
  version: 1,
  job: 'a <script>alert(1)</script> & "job"',
  type: 'push',
  dryRun: true,
  startedAt: new Date(NOW).toISOString(),
  finishedAt: new Date(NOW).toISOString(),
  exitStatus: 0,
  warnings: [],
  pruneSender: {
    filesystems: [
      {
        filesystem: "tank/x'<img src=x onerror=alert(1)>",
        state: 'planned',
        freedBytes: '5368709120',
        snapshots: SNAPSHOTS,
      },
      {filesystem: 'tank/p', state: 'skipped', because: 'it is a placeholder', snapshots: []},
      {filesystem: 'tank/e', state: 'planned', snapshots: []},
    ],
  },
  pruneReceiver: {
    filesystems: [],
    error: {code: 'peer-unreachable', message: 'no route to </p>', hint: '<i>'},
  },
}

describe('the page', () => {
  const page = renderRetentionPage([REPORT])

  test('nothing from outside becomes markup, and no script could run', () => {
    const tags = new Set(Array.from(page.matchAll(/<([a-z0-9]+)/g), ([, tag]) => tag))
    expect([...tags].filter((tag) => ['script', 'img', 'i', 'iframe', 'object'].includes(tag ?? ''))).toEqual(
      [],
    )
    expect(page).toContain('&#60;script&#62;alert(1)&#60;/script&#62;')
    expect(page).toContain('aria-label="tank/x&#39;&#60;img src=x onerror=alert(1)&#62;: ')
    expect(page).toContain('no route to &#60;/p&#62;')
    expect(page).toContain("default-src 'none'")
    expect(page).not.toMatch(/\bhttps?:|\bon[a-z]+="|url\(/)
  })

  test('says how much stays, goes and is freed', () => {
    expect(page).toContain('<b>2</b>stay')
    expect(page).toContain('<b>1</b>go')
    expect(page).toContain('<b>5 GiB</b>would be free')
    expect(page).toContain('not judged: it is a placeholder')
    expect(page).toContain('<h3>tank/e</h3><span>no snapshots</span>')
  })

  test('has each snapshot in the table, the newest first, and in its lanes', () => {
    expect(Array.from(page.matchAll(/<tr[^>]*><td>([^<]+)<\/td>/g), ([, name]) => name)).toEqual([
      'new',
      'named',
      'gone',
    ])
    expect(Array.from(page.matchAll(/<title>@(\w+)/g), ([, name]) => name)).toEqual([
      'new',
      'named',
      'new',
      'gone',
    ])
  })

  test('is well-formed where it matters: every tag is closed', () => {
    const body = page.slice(page.indexOf('<main>'), page.indexOf('</main>') + 7)
    const open: string[] = []
    for (const [, slash, tag = '', rest = ''] of body.matchAll(/<(\/?)([a-z0-9]+)([^>]*)>/g)) {
      if (slash === '/') expect(open.pop()).toBe(tag)
      else if (!rest.endsWith('/') && tag !== 'br') open.push(tag)
    }
    expect(open).toEqual([])
  })
})

test('lanes: one for each rule in the order of the configuration, then what is protected, then what goes', () => {
  const rules = rulesOf(REPORT.pruneSender ?? {filesystems: []})
  expect(rules).toEqual(['last_n 2', "regex '<b>&\"'"])
  const [filesystem] = REPORT.pruneSender?.filesystems ?? []
  if (filesystem === undefined) throw new Error('no filesystem')
  expect(
    lanesOf(filesystem, rules).map(
      ({kind, sign, snapshots}) => `${kind} ${sign}: ${snapshots.map(({name}) => name).join(' ')}`,
    ),
  ).toEqual(['rule A: new', 'rule B: named', 'protected : new', 'goes : gone'])
})

test('time runs from left to right, and every age has its place', () => {
  const scale = timeScale(NOW - 400 * DAY, NOW)
  expect([scale.at(NOW - 400 * DAY), scale.at(NOW), scale.at(NOW + DAY)]).toEqual([0, 1, 1])
  const places = scale.ticks.map(({at}) => at)
  expect(places).toEqual(places.toSorted((a, b) => b - a))
  expect(scale.ticks.map(({label}) => label)).toEqual([
    'now',
    '1 hour',
    '6 hours',
    '1 day',
    '3 days',
    '1 week',
    '1 month',
    '3 months',
    '1 year',
  ])
  expect(timeScale(NOW, NOW).at(NOW)).toBe(1)
})

test('text and counts', () => {
  expect(text('a\u001b[31m<&>"\'\u202e')).toBe('a\\x1b[31m&#60;&#38;&#62;&#34;&#39;\\u{202e}')
  expect([0, 999, 1000, 1_234_567].map(count)).toEqual(['0', '999', '1 000', '1 234 567'])
})
