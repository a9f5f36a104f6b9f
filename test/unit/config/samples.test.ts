import {existsSync, readdirSync, readFileSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {describe, expect, test} from 'vitest'
import {loadConfig} from '../../../src/lib/config/load.ts'
import {renderDiagnostics} from '../../../src/lib/config/render-diagnostic.ts'
import {filesBelow, SAMPLES, sampleNames} from './sample-files.ts'

/**
 * Everything that is said about a sample stands in NAME.diag beside it. `UPDATE=1` writes these files: read what it
 * wrote before you believe it.
 */
describe.each(['ok', 'bad'] as const)('samples that are %s', (directory) => {
  test.each(sampleNames(directory))('%s', (name) => {
    const loaded = loadConfig(`${name}.yml`, filesBelow(join(SAMPLES, directory)))
    const diagnostics = 'diagnostics' in loaded ? loaded.diagnostics : loaded.notices
    const text = renderDiagnostics(diagnostics)

    expect('diagnostics' in loaded, text).toBe(directory === 'bad')
    expect(text).toBe(expectedFor(join(SAMPLES, directory, `${name}.diag`), text))
  })

  test('no .diag is left over', () => {
    const names = readdirSync(join(SAMPLES, directory)).filter((name) => name.endsWith('.diag'))
    expect(sampleNames(directory)).toEqual(
      expect.arrayContaining(names.map((name) => name.slice(0, -'.diag'.length))),
    )
  })
})

function expectedFor(path: string, actual: string): string {
  if (process.env['UPDATE'] === '1' && actual !== '') writeFileSync(path, actual)
  return existsSync(path) ? readFileSync(path, 'utf8') : ''
}
