import {expect, test} from 'vitest'
import {splitCommandWords, withoutHelpWord} from '../../../src/commands/command-words.ts'
import {COMMANDS} from '../../../src/commands/index.ts'

const IDS = Object.keys(COMMANDS)

test.each([
  ['migrate replication-cursor:v1-v2 --dry-run', 'migrate replication-cursor v1-v2 --dry-run'],
  ['migrate replication-cursor v1-v2 -n', 'migrate replication-cursor v1-v2 -n'],
  ['migrate:replication-cursor:v1-v2 -n', 'migrate replication-cursor v1-v2 -n'],
  ['migrate 0.0.X:0.1:placeholder -n', 'migrate 0.0.X 0.1 placeholder -n'],
  ['holds:list tank/a:b', 'holds list tank/a:b'],
  ['zfs-abstraction:release-all --yes', 'zfs-abstraction release-all --yes'],
  ['run a:b --only prune', 'run a:b --only prune'],
  ['migrate replication-cursor:v1-v3 -n', 'migrate replication-cursor:v1-v3 -n'],
  ['--help', '--help'],
])('%s', (words, expected) => {
  expect(splitCommandWords(words.split(' '), IDS).join(' ')).toBe(expected)
})

test.each([
  ['help', '--help'],
  ['help holds list', 'holds list --help'],
  ['run help', 'run help'],
])('%s is %s', (words, expected) => {
  expect(withoutHelpWord(words.split(' ')).join(' ')).toBe(expected)
})
