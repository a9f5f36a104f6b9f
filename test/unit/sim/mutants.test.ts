import {readFileSync} from 'node:fs'
import {join} from 'node:path'
import {expect, test} from 'vitest'
import {MUTANTS} from '../../sim/mutants.ts'

const LIB = join(import.meta.dirname, '..', '..', '..', 'src', 'lib')

test('there are at least forty deliberate mistakes, each with words of its own', () => {
  expect(MUTANTS.length).toBeGreaterThanOrEqual(40)
  expect(new Set(MUTANTS.map(({what}) => what)).size).toBe(MUTANTS.length)
})

test.each(MUTANTS)('$file still has the one place for: $what', ({file, find, replace}) => {
  const parts = readFileSync(join(LIB, file), 'utf8').split(find)
  expect(parts).toHaveLength(2)
  expect(replace).not.toBe(find)
})
