import {afterAll, beforeAll, expect, test, vi} from 'vitest'
import {readRows, shortcomingOf} from '../unit/corpus/rows.ts'
import {createCorpusMachine, type Machine} from './corpus/machine.ts'

/** The rows of the corpus that need the compiled executable, and real processes, files and pipes around it. */
const rows = readRows().filter(({target}) => target === 'executable')

vi.setConfig({testTimeout: 120_000, hookTimeout: 60_000})

let machine: Machine

beforeAll(async () => {
  machine = await createCorpusMachine()
})

afterAll(() => machine?.destroy())

test.each(rows.map((row) => [row.id, row] as const))('%s is answered as required', async (_id, row) => {
  expect(await shortcomingOf(row, [machine.target])).toBeUndefined()
})
