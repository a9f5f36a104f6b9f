import {expect, test} from 'vitest'
import type {Diagnostic} from '../../../src/lib/config/diagnostic.ts'
import {renderDiagnostic, renderDiagnostics} from '../../../src/lib/config/render-diagnostic.ts'

const DIAGNOSTIC: Diagnostic = {
  severity: 'error',
  file: 'zrepl.yml',
  line: 12,
  column: 11,
  path: 'jobs[0].type',
  message: '"psh" is not one of push, pull',
  hint: 'did you mean "push"?',
  excerpt: {text: '    type: psh # comment', length: 3},
}

test('with everything', () => {
  expect(renderDiagnostic(DIAGNOSTIC)).toBe(
    [
      'zrepl.yml:12:11: error: jobs[0].type: "psh" is not one of push, pull',
      '  12 |     type: psh # comment',
      '     |           ^^^',
      '     = did you mean "push"?',
      '',
    ].join('\n'),
  )
})

test('without what only the owner of the file may know', () => {
  const text = '  - {type: mysql-lock-tables, dsn: "root:geheim@tcp(h)/", tyme: 1}'
  const column = text.indexOf('tyme') + 1
  const rendered = renderDiagnostic({...DIAGNOSTIC, column, excerpt: {text, length: 4}})
  expect(rendered).toContain(
    `  12 |   - {type: mysql-lock-tables, dsn: *********************, tyme: 1}\n     | ${' '.repeat(column - 1)}^^^^\n`,
  )
})

test('about a whole file', () => {
  const diagnostic: Diagnostic = {
    severity: 'notice',
    file: '/a.yml',
    line: 0,
    column: 0,
    path: '',
    message: 'empty',
  }
  expect(renderDiagnostic(diagnostic)).toBe('/a.yml: notice: empty\n')
})

test('a caret stands below its place whatever stands before', () => {
  const excerpt = {text: '\t\u001b[31mä: x\u202ey', length: 3}
  const text = renderDiagnostic({...DIAGNOSTIC, column: 10, excerpt})
  expect(text.split('\n').slice(1, 3)).toEqual([
    '  12 | \\x09\\x1b[31m\\xe4: x\\u{202e}y',
    `     | ${' '.repeat(18)}${'^'.repeat(10)}`,
  ])
})

test('a long line is cut around its place', () => {
  const excerpt = {text: `${'a'.repeat(200)}HERE${'b'.repeat(200)}`, length: 4}
  const [, line, caret] = renderDiagnostic({...DIAGNOSTIC, column: 201, excerpt}).split('\n')
  expect(line).toBe(`  12 | …${'a'.repeat(60)}HERE${'b'.repeat(36)}…`)
  expect(caret).toBe(`     | ${' '.repeat(61)}^^^^`)
})

test('what goes beyond the cut is not underlined', () => {
  const excerpt = {text: `${'a'.repeat(90)}${'b'.repeat(200)}`, length: 200}
  const [, line, caret] = renderDiagnostic({...DIAGNOSTIC, column: 91, excerpt}).split('\n')
  expect(line?.length).toBe(caret === undefined ? 0 : caret.length + 1)
})

test('nothing of a file reaches a terminal as it is', () => {
  const text = renderDiagnostic({
    ...DIAGNOSTIC,
    file: 'a\u001b]0;x\u0007.yml',
    path: 'jobs[0]["\r"]',
    message: 'a\nforged line',
    hint: '\u202e',
    excerpt: {text: '\u001b[2J', length: 1},
  })
  expect(text.replaceAll('\n', '')).toMatch(/^[\x20-\x7e]*$/)
  expect(text.split('\n')).toHaveLength(5)
})

test('many are one text, none is empty', () => {
  expect(renderDiagnostics([DIAGNOSTIC, DIAGNOSTIC])).toBe(renderDiagnostic(DIAGNOSTIC).repeat(2))
  expect(renderDiagnostics([])).toBe('')
})
