import {readdirSync, readFileSync} from 'node:fs'
import {join} from 'node:path'
import {expect, test} from 'vitest'
import {play, prepare, type Scenario} from './scenario.ts'

/** Each file is a fault the program once did not survive, or nearly, with the words for it. They run for ever. */
const DIRECTORY = join(import.meta.dirname, 'regressions')

const files = readdirSync(DIRECTORY)
  .filter((file) => file.endsWith('.json'))
  .map((file) => ({file, ...read(file)}))

test.each(files)('$file: $what', async ({scenario}) => {
  const {problems} = await play(await prepare(scenario), scenario.faults)
  expect(problems).toEqual([])
})

function read(file: string): {readonly what: string; readonly scenario: Scenario} {
  return JSON.parse(readFileSync(join(DIRECTORY, file), 'utf8'))
}
