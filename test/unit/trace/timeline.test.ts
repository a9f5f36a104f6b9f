import {createHash} from 'node:crypto'
import {expect, test} from 'vitest'
import {renderTimeline, TIMELINE_SCRIPT} from '../../../src/lib/trace/timeline/page.ts'
import type {TraceNode} from '../../../src/lib/trace/trace-node.ts'

const HOSTILE = `</div><script>alert("1")</script>\\ '\u{1b}[2J`

const CHILD: TraceNode = {
  name: 'zfs send',
  startUs: 1_500_000,
  durationUs: 250_000,
  args: {
    stack: 'a.b',
    filesystem: HOSTILE,
    exitCode: 1,
    argv: ['zfs', 'send', 'x'.repeat(1500)],
    'long one': 'y'.repeat(1500),
  },
  children: [],
}
const ROOT: TraceNode = {
  name: 'run',
  startUs: 1_000_000,
  durationUs: 1_000_000,
  args: {stack: 'a'},
  children: [CHILD],
}
const SHA256 = createHash('sha256').update(TIMELINE_SCRIPT).digest('base64')
const page = renderTimeline([ROOT], SHA256)

/** What a browser would make of an attribute. */
function attribute(html: string): string {
  return html.replace(/&#(\d+);/g, (_, code) => String.fromCharCode(Number(code)))
}

test('each span has a row with its place on the time line', () => {
  const rows = Array.from(
    page.matchAll(/<div class="(row[^"]*)" style="--depth:(\d+)" tabindex/g),
    ([, kinds, depth]) => [kinds, depth],
  )
  expect(rows).toEqual([
    ['row path', '0'],
    ['row path failed', '1'],
  ])
  const bars = Array.from(page.matchAll(/class="bar" style="([^"]*)"/g), ([, style]) => style)
  expect(bars).toEqual(['left:0.0000%;width:100.0000%', 'left:50.0000%;width:25.0000%'])
  expect(page).toContain('<li><b>run</b>750ms, 75 %</li><li><b>zfs send</b>250ms, 25 %</li>')
  expect(page).toContain('Began 1970-01-01 00:00:01 UTC, 2 spans.')
})

test('all facts of a span are with its row, and can be read back', () => {
  const facts = Array.from(page.matchAll(/data-facts="([^"]*)"/g), ([, value]) =>
    JSON.parse(attribute(value ?? '')),
  )
  expect(facts[1]).toEqual({
    span: 'zfs send',
    began: 'after 500ms',
    took: '250ms',
    'waited for it': '250ms',
    stack: 'a.b',
    filesystem: `</div><script>alert("1")</script>\\ '\\x1b[2J`,
    exitCode: '1',
    argv: `zfs send ${'x'.repeat(1500)}`,
    'long one': 'y'.repeat(1500),
  })
})

test('a name from outside ends nothing and begins nothing', () => {
  expect(page).not.toContain('<script>alert')
  expect(page).not.toContain('\u{1b}')
  expect(page.match(/<script/g)).toHaveLength(1)
})

test('the page needs nothing but itself, and only its own script runs', () => {
  expect(page).not.toMatch(/https?:|src=|href=|url\(/)
  const script = /<script>([\s\S]*)<\/script>/.exec(page)?.[1] ?? ''
  const allowed = /script-src 'sha256-([^']+)'/.exec(page)?.[1]
  expect(createHash('sha256').update(script).digest('base64')).toBe(allowed)
})
