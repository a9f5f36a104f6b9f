import {expect, test} from 'vitest'
import {nearest} from '../../../src/lib/config/nearest.ts'

test.each<[string, readonly string[], readonly string[]]>([
  ['identityfile', ['host', 'identity_file', 'user'], ['identity_file']],
  ['psh', ['push', 'pull', 'sink'], ['push']],
  ['hsot', ['host', 'user', 'port'], ['host']],
  ['PUSH', ['push', 'pull'], ['push']],
  ['stdinserver', ['ssh+stdinserver', 'local'], ['ssh+stdinserver']],
  ['keep', ['keep_sender', 'keep_receiver', 'type'], ['keep_sender', 'keep_receiver']],
  ['local9', ['local0', 'local1', 'local2', 'local3'], ['local0', 'local1', 'local2']],
  ['replicatoin', ['replication', 'send'], ['replication']],
  ['xyz', ['push', 'pull'], []],
  ['', ['a', 'ab', 'push'], ['a']],
  ['calendar', ['not_replicated', 'grid'], []],
  ['x'.repeat(10_000), ['push'], []],
])('%s among %j', (word, known, expected) => {
  expect(nearest(word, known)).toEqual(expected)
})
