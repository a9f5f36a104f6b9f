import {execFileSync} from 'node:child_process'
import {readFileSync, statSync, symlinkSync} from 'node:fs'
import {expect, test} from 'vitest'
import type {HearsOfLoss} from '../../../src/lib/core/log-sink.ts'
import {createLogFile} from '../../../src/lib/host/log-file.ts'
import {temporaryDirectory} from './helpers.ts'

type Loss = Parameters<HearsOfLoss>[0]

async function writeTo(path: string, lines: readonly string[]): Promise<readonly Loss[]> {
  const told: Loss[] = []
  const file = createLogFile(path, (loss) => told.push(loss))
  for (const line of lines) file.write(line, 'warn')
  await file.close()
  return told
}

test('lines are added, and nobody else may read them', async () => {
  using directory = temporaryDirectory()
  const path = `${directory.path}/zrepl.log`
  expect(await writeTo(path, ['a', 'b'])).toEqual([])
  expect(await writeTo(path, ['c'])).toEqual([])
  expect(readFileSync(path, 'utf8')).toBe('a\nb\nc\n')
  expect(statSync(path).mode & 0o007).toBe(0)
})

test('a full disk is told once, and how many lines it has cost', async () => {
  expect(await writeTo('/dev/full', ['a', 'b', 'c'])).toEqual([
    {because: "cannot write to '/dev/full': ENOSPC"},
    {lines: 3},
  ])
})

test('what is no file of ours is not written to, and holds nobody up', async () => {
  using directory = temporaryDirectory()
  const link = `${directory.path}/link`
  symlinkSync('/dev/null', link)
  expect(await writeTo(link, ['a'])).toEqual([{because: `cannot write to '${link}': ELOOP`}, {lines: 1}])
  const pipe = `${directory.path}/pipe`
  execFileSync('mkfifo', [pipe])
  expect(await writeTo(pipe, ['a'])).toEqual([{because: `cannot write to '${pipe}': ENXIO`}, {lines: 1}])
  const nowhere = `${directory.path}/none/zrepl.log`
  expect(await writeTo(nowhere, ['a'])).toEqual([
    {because: `cannot write to '${nowhere}': ENOENT`},
    {lines: 1},
  ])
})
