import {describe, expect, test} from 'vitest'
import {load, told} from './sample-files.ts'

/**
 * The bad inputs every configuration must survive, by their numbers: what is said, and where. What is about the
 * file system (owners, links, missing keys) is tested where files are read.
 */
const SNAP = {
  type: 'snap',
  name: 'a',
  filesystems: {'tank<': true},
  snapshotting: {type: 'manual'},
  pruning: {keep: [{type: 'last_n', count: 1}]},
}
const SINK = {
  type: 'sink',
  name: 'a',
  serve: {type: 'stdinserver', client_identities: ['c']},
  root_fs: 'tank/sink',
}
const PUSH = {
  ...SNAP,
  type: 'push',
  connect: {type: 'ssh+stdinserver', host: 'h', user: 'u', port: 22, identity_file: '/i'},
  pruning: {keep_sender: [{type: 'not_replicated'}], keep_receiver: [{type: 'last_n', count: 1}]},
}
const periodic = (keys: object) => ({
  ...SNAP,
  snapshotting: {type: 'periodic', prefix: 'p', interval: '1h', ...keys},
})
const keep = (rule: object) => ({...SNAP, pruning: {keep: [rule]}})
const ssh = (keys: object) => ({...PUSH, connect: {...PUSH.connect, ...keys}})

describe('refused', () => {
  test.each<[string, object, string, RegExp]>([
    ['A07 slash', {...SNAP, name: 'a/b'}, 'jobs[0].name', /'\/' is not allowed/],
    ['A07 at', {...SNAP, name: 'a@b'}, 'jobs[0].name', /'@' is not allowed/],
    ['A07 hash', {...SNAP, name: 'a#b'}, 'jobs[0].name', /'#' is not allowed/],
    ['A07 percent', {...SNAP, name: 'a%b'}, 'jobs[0].name', /'%' is not allowed/],
    ['A07 space', {...SNAP, name: 'a '}, 'jobs[0].name', /begins or ends with a space/],
    ['A07 long', {...SNAP, name: 'a'.repeat(250)}, 'jobs[0].name', /longer than|too long|at most/],
    ['A07 internal', {...SNAP, name: '_control'}, 'jobs[0].name', /starts with _/],
    ['A10 empty', {...SNAP, filesystems: {}}, 'jobs[0].filesystems', /must not be empty/],
    [
      'A11 middle',
      {...SNAP, filesystems: {'a<b': true}},
      'jobs[0].filesystems["a<b"]',
      /as the last character/,
    ],
    [
      'A11 double',
      {...SNAP, filesystems: {'a<<': true}},
      'jobs[0].filesystems["a<<"]',
      /as the last character/,
    ],
    ['A17 no unit', periodic({interval: 10}), 'jobs[0].snapshotting.interval', /the unit is missing/],
    ['A17 negative', periodic({interval: '-5m'}), 'jobs[0].snapshotting.interval', /more than 0/],
    ['A17 zero', periodic({interval: '0s'}), 'jobs[0].snapshotting.interval', /more than 0/],
    [
      'A17 exponent',
      periodic({interval: '1e3s'}),
      'jobs[0].snapshotting.interval',
      /whole number and a unit/,
    ],
    [
      'A17 for ever',
      periodic({interval: '99999999d'}),
      'jobs[0].snapshotting.interval',
      /longer than 292 years/,
    ],
    ['A17 cyrillic', periodic({interval: '10м'}), 'jobs[0].snapshotting.interval', /whole number and a unit/],
    [
      'A19 zero',
      keep({type: 'grid', grid: '1x1h(keep=all) | 24x0h', regex: 'a'}),
      'jobs[0].pruning.keep[0].grid',
      /'24x0h'/,
    ],
    [
      'A19 shrinking',
      keep({type: 'grid', grid: '24x1h | 1x30m', regex: 'a'}),
      'jobs[0].pruning.keep[0].grid',
      /monotonically increasing/,
    ],
    [
      'A19 nonsense',
      keep({type: 'grid', grid: 'x', regex: 'a'}),
      'jobs[0].pruning.keep[0].grid',
      /should look like/,
    ],
    ['A20 zero', keep({type: 'last_n', count: 0}), 'jobs[0].pruning.keep[0].count', /at least 1/],
    ['A20 negative', keep({type: 'last_n', count: -1}), 'jobs[0].pruning.keep[0].count', /at least 1/],
    ['A20 fraction', keep({type: 'last_n', count: 1.5}), 'jobs[0].pruning.keep[0].count', /whole number/],
    ['A20 text', keep({type: 'last_n', count: '3'}), 'jobs[0].pruning.keep[0].count', /whole number.*quotes/],
    ['A20 huge', keep({type: 'last_n', count: 2 ** 53}), 'jobs[0].pruning.keep[0].count', /at most/],
    [
      'A22 look-behind',
      keep({type: 'regex', regex: '(?<=a)b'}),
      'jobs[0].pruning.keep[0].regex',
      /bad regular/,
    ],
    [
      'A22 back reference',
      keep({type: 'regex', regex: '(a)\\1'}),
      'jobs[0].pruning.keep[0].regex',
      /bad regular/,
    ],
    ['A23', {...SNAP, pruning: {keep: []}}, 'jobs[0].pruning.keep', /must not be empty/],
    ['A25 empty', {...SINK, root_fs: ''}, 'jobs[0].root_fs', /must not be empty/],
    ['A25 absolute', {...SINK, root_fs: '/tank'}, 'jobs[0].root_fs', /a pool starts with a letter/],
    ['A25 slash', {...SINK, root_fs: 'tank/'}, 'jobs[0].root_fs', /empty component/],
    ['A25 snapshot', {...SINK, root_fs: 'tank/a@b'}, 'jobs[0].root_fs', /'@' is not allowed/],
    ['A26 empty', clients(''), 'jobs[0].serve.client_identities[0]', /must not be empty/],
    ['A26 dots', clients('..'), 'jobs[0].serve.client_identities[0]', /\. or \.\./],
    ['A26 slash', clients('a/b'), 'jobs[0].serve.client_identities[0]', /'\/' is not allowed/],
    ['A26 twice', clients('a', 'a'), 'jobs[0].serve.client_identities[1]', /is here twice/],
    [
      'A28 host key',
      ssh({options: ['StrictHostKeyChecking=no']}),
      'jobs[0].connect.options[0]',
      /weakens the check of the host key/,
    ],
    ['A28 proxy', ssh({options: ['ProxyCommand=x']}), 'jobs[0].connect.options[0]', /runs another program/],
    ['A28 option', ssh({options: ['-F/dev/null']}), 'jobs[0].connect.options[0]', /must be Keyword=value/],
    ['T28 host', ssh({host: '-oProxyCommand=x'}), 'jobs[0].connect.host', /bad host/],
    ['T28 user', ssh({user: '-x'}), 'jobs[0].connect.user', /bad user/],
    ['T28 line feed', ssh({host: 'a\nb'}), 'jobs[0].connect.host', /bad host/],
    ['T28 expansion', ssh({host: '%h'}), 'jobs[0].connect.host', /bad host/],
    ['A32 text', {...PUSH, send: {encrypted: 'true'}}, 'jobs[0].send.encrypted', /true or false.*quotes/],
    ['A34 nothing', limit('0 B'), 'jobs[0].recv.bandwidth_limit.max', /nothing would ever pass/],
    ['A34 unit', limit('1 Zi'), 'jobs[0].recv.bandwidth_limit.max', /a number and a unit/],
    ['A34 no unit', limit('-1'), 'jobs[0].recv.bandwidth_limit.max', /a number and a unit/],
    [
      'A35',
      {...PUSH, conflict_resolution: {initial_replication: 'al'}},
      'jobs[0].conflict_resolution.initial_replication',
      /"al" is not one of most_recent, all, fail \(did you mean "all"\?\)/,
    ],
    [
      'A37 slash',
      periodic({timestamp_format: '2006/01'}),
      'jobs[0].snapshotting.timestamp_format',
      /bad name 'p2020\/01': the character '\/' is not allowed/,
    ],
    [
      'A37 plus',
      periodic({timestamp_format: '2006+01'}),
      'jobs[0].snapshotting.timestamp_format',
      /contains a \+/,
    ],
    [
      'A37 long',
      periodic({prefix: 'p'.repeat(220), timestamp_format: '2006-01-02 (Monday) '.repeat(2)}),
      'jobs[0].snapshotting.timestamp_format',
      /bad name/,
    ],
    [
      'cron never',
      {...SNAP, snapshotting: {type: 'cron', prefix: 'p', cron: '0 0 30 2 *'}},
      'jobs[0].snapshotting.cron',
      /it never comes true/,
    ],
    [
      'cron hour',
      {...SNAP, snapshotting: {type: 'cron', prefix: 'p', cron: '0 25 * * *'}},
      'jobs[0].snapshotting.cron',
      /the hour must be from 0 to 23, not 25/,
    ],
    ['min_written', periodic({min_written: '0 B'}), 'jobs[0].snapshotting.min_written', /more than 0/],
    ['A37 percent', periodic({prefix: 'a%'}), 'jobs[0].snapshotting.prefix', /'%' is not allowed/],
    [
      'A38',
      periodic({timestamp_format: 'iso-8601', timestamp_location: 'Europe/Nowhere'}),
      'jobs[0].snapshotting.timestamp_location',
      /'Europe\/Nowhere' is not a time zone/,
    ],
  ])('%s', (_id, job, path, message) => {
    const [first, ...more] = told(JSON.stringify({jobs: [job]}))
    expect(more).toEqual([])
    expect(first).toContain(` error ${path}: `)
    expect(first).toMatch(message)
  })

  test.each([
    ['A01 empty file', '', ['0:0 error : there are no jobs']],
    ['A01 no jobs', 'global: {}', ['0:0 error : there are no jobs']],
    ['A02 more than 1 MiB', '#'.repeat(1024 * 1024 + 1), ['0:0 error : has more than 1 MiB']],
    ['A04 tabs', 'jobs:\n\t- name: a', ['2:1 error : a tab is not indentation (use spaces)']],
    ['A05 twice', 'jobs: [{name: a, name: b}]', ['1:18 error : the key "name" is here twice']],
    ['A14 recursion', 'a: &a [*a]', ['1:8 error : *a contains itself']],
    ['T33 function', 'a: !!js/function "x"', [expect.stringMatching(/^1:4 error : tags are not allowed/)]],
  ])('%s', (_id, text, diagnostics) => {
    expect(told(text)).toEqual(diagnostics)
  })

  test('A31 a file that includes itself', () => {
    expect(told('include: [zrepl.yml]\njobs: []')[0]).toBe(
      '1:11 error include[0]: /etc/zrepl.yml is included twice',
    )
  })
})

describe('accepted', () => {
  test('A02 exactly 1 MiB', () => {
    const text = JSON.stringify({jobs: [SNAP]})
    expect(load(`${text}\n#${'x'.repeat(1024 * 1024 - text.length - 2)}`).jobs).toHaveLength(1)
  })

  test('A08 a name that begins with another', () => {
    const {jobs} = load(JSON.stringify({jobs: [SNAP, {...SNAP, name: 'a_b'}, {...SNAP, name: 'a_'}]}))
    expect(jobs.map(({name}) => String(name))).toEqual(['a', 'a_b', 'a_'])
  })

  test('A10 all patterns false, with a word about it', () => {
    expect(told(JSON.stringify({jobs: [{...SNAP, filesystems: {'<': false}}]}))).toEqual([
      expect.stringMatching(/notice jobs\[0\]\.filesystems: means no filesystem/),
    ])
  })

  test('A16 merge keys', () => {
    expect(
      load(`jobs:\n- &a ${JSON.stringify(SNAP)}\n- {<<: *a, name: b}`).jobs.map(({type}) => type),
    ).toEqual(['snap', 'snap'])
  })

  test('A25 a receiving dataset inside of what another job sends, as in zrepl', () => {
    expect(told(JSON.stringify({jobs: [SINK, {...SNAP, name: 'b', filesystems: {'tank<': true}}]}))).toEqual(
      [],
    )
  })

  test('A32 encrypted and not raw, with a word about it', () => {
    expect(told(JSON.stringify({jobs: [{...PUSH, send: {encrypted: true, raw: false}}]}))).toEqual([
      expect.stringMatching(/notice jobs\[0\]\.send\.raw: has no effect/),
    ])
  })

  test('A34 no limit at all', () => {
    expect(told(JSON.stringify({jobs: [limit('-1 B')]}))).toEqual([])
  })
})

function clients(...identities: readonly string[]): object {
  return {...SINK, serve: {type: 'stdinserver', client_identities: identities}}
}

function limit(max: string): object {
  return {...SINK, recv: {bandwidth_limit: {max}}}
}
