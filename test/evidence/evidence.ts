import {readFileSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {measureHistories, measurePairs, measureSingleFaults} from './measure-simulator.ts'
import {
  measureCorpus,
  measureDifferential,
  measureMatrix,
  measureMutants,
  measureRegressions,
  measureThreats,
} from './measure-tables.ts'

/** One line of the table: what was counted, and the command that counts it alone. */
export type Figure = {
  readonly what: string
  readonly figure: string
  readonly command: string
  readonly ok: boolean
}

const USAGE = `usage: npm run evidence [-- --write] [-- WORDS OF SOME FIGURES]
  Counts what speaks for the program, and prints it as a table; --write puts the table into docs/reliability.md.`

const DOCUMENT = join(import.meta.dirname, '..', '..', 'docs', 'reliability.md')
const [BEGIN, END] = ['<!-- figures -->\n', '<!-- /figures -->']

const MEASURES: readonly (readonly [string, () => Promise<readonly Figure[]>])[] = [
  ['corpus', measureCorpus],
  ['regressions', measureRegressions],
  ['differential', measureDifferential],
  ['threats', measureThreats],
  ['matrix', measureMatrix],
  ['faults', measureSingleFaults],
  ['pairs', measurePairs],
  ['histories', measureHistories],
  ['mutants', measureMutants],
]

process.exitCode = await main(process.argv.slice(2))

async function main(words: readonly string[]): Promise<number> {
  const chosen = words.filter((word) => word !== '--write')
  if (chosen.some((word) => !MEASURES.some(([name]) => name === word))) {
    console.error(`${USAGE}\n  figures: ${MEASURES.map(([name]) => name).join(', ')}`)
    return 2
  }
  const figures: Figure[] = []
  for (const [name, measure] of MEASURES) {
    if (chosen.length > 0 && !chosen.includes(name)) continue
    const startedMs = performance.now()
    figures.push(...(await measure()))
    console.error(`evidence: ${name} in ${Math.round((performance.now() - startedMs) / 1000)} s`)
  }
  const table = tableOf(figures)
  console.log(table)
  if (words.includes('--write')) putInto(table)
  return figures.every(({ok}) => ok) ? 0 : 1
}

function tableOf(figures: readonly Figure[]): string {
  const rows = figures.map(
    ({what, figure, command, ok}) => `| ${what} | ${figure}${ok ? '' : ' **(open)**'} | \`${command}\` |`,
  )
  return ['| What | Figure | Counted by |', '|---|---|---|', ...rows, ''].join('\n')
}

function putInto(table: string): void {
  const text = readFileSync(DOCUMENT, 'utf8')
  const [start, end] = [text.indexOf(BEGIN) + BEGIN.length, text.indexOf(END)]
  writeFileSync(DOCUMENT, text.slice(0, start) + table + text.slice(end))
}
