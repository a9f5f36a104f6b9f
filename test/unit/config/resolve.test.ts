import {join} from 'node:path'
import {expect, test} from 'vitest'
import type {Job} from '../../../src/lib/config/job.ts'
import {type LoadedConfig, loadConfig} from '../../../src/lib/config/load.ts'
import {resolveSend} from '../../../src/lib/config/resolve-send.ts'
import {WITHHELD_PROPERTIES} from '../../../src/lib/scope/received-properties.ts'
import {filesBelow, plain, SAMPLES} from './sample-files.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR

const NO_SEND_OPTIONS = {
  encrypted: false,
  raw: false,
  sendProperties: false,
  backupProperties: false,
  largeBlocks: false,
  compressed: false,
  embeddedData: false,
  saved: false,
}

const DEFAULT_REPLICATION = {
  initialReplication: 'most_recent',
  diverged: 'fail',
  protection: {initial: 'guarantee_resumability', incremental: 'guarantee_resumability'},
  snapshots: {},
  concurrentSteps: 1,
}

const NO_RECEIVE_OPTIONS = {
  properties: {inherit: [...WITHHELD_PROPERTIES], override: {}},
  placeholderEncryption: 'unspecified',
}

const lastN = (count: number) => ({type: 'last_n', count})

const LIMIT = {count: undefined, percent: 90}
const POLICY = {onConflict: 'keep', limit: LIMIT, goneAfterMs: undefined}

test('a snap job', () => {
  expect(jobsOf('snap')).toEqual([
    {
      type: 'snap',
      name: 'hourly',
      hooks: [],
      filesystems: filter({'tank/home<': true, 'tank/home/cache<': false}, ['tank/home']),
      snapshotting: {
        type: 'periodic',
        prefix: 'auto_',
        intervalMs: HOUR,
        timestamp: {format: 'dense', location: 'UTC'},
        minWritten: undefined,
        hooks: [],
      },
      pruning: {keep: [lastN(48)], limit: LIMIT},
    },
  ])
})

test('a push job with nothing as by default', () => {
  const grid = [
    {lengthMs: HOUR, keepCount: 'all'},
    ...Array.from({length: 24}, () => ({lengthMs: HOUR, keepCount: 1})),
    ...Array.from({length: 2}, () => ({lengthMs: 30 * DAY, keepCount: 2})),
  ]
  expect(jobsOf('push-ssh')).toEqual([
    {
      type: 'push',
      name: 'offsite',
      hooks: [],
      connect: {
        type: 'ssh+stdinserver',
        host: 'vault.example.net',
        user: 'zrepl',
        port: 2222,
        identityFile: '/etc/zrepl/ssh/id_ed25519',
        client: {
          kind: 'openssh',
          options: ['Compression=yes', 'ServerAliveInterval 30', 'StrictHostKeyChecking=yes'],
        },
        dialTimeoutMs: 90_000,
      },
      filesystems: filter(
        {'tank<': true, 'tank/scratch<': false, 'tank/scratch/keep': true},
        ['tank'],
        ['tank', 'tank/scratch/keep'],
      ),
      snapshotting: {
        type: 'periodic',
        prefix: 'off-',
        intervalMs: 15 * 60_000,
        timestamp: {format: 'iso-8601', location: 'Europe/Berlin'},
        minWritten: undefined,
        hooks: [],
      },
      send: Object.fromEntries(Object.keys(NO_SEND_OPTIONS).map((key) => [key, true])),
      idleMs: 900_000,
      replication: {
        initialReplication: 'all',
        diverged: 'fail',
        protection: {initial: 'guarantee_nothing', incremental: 'guarantee_incremental'},
        snapshots: {},
        concurrentSteps: 4,
      },
      pruning: {
        keepSender: [
          {type: 'not_replicated', keepSnapshotAtCursor: false},
          {type: 'last_n', count: 5, regex: {source: '^off-'}},
        ],
        keepReceiver: [
          {
            type: 'grid',
            intervals: grid,
            spec: '1x1h(keep=all) | 24x1h | 2x30d(keep=2)',
            regex: {source: '^off-'},
          },
          {type: 'regex', regex: {source: '^off-'}, negate: true},
        ],
        policy: POLICY,
      },
    },
  ])
})

test('a pull job', () => {
  expect(jobsOf('pull-ssh')).toEqual([
    {
      type: 'pull',
      name: 'collect',
      hooks: [],
      connect: {
        type: 'ssh+stdinserver',
        host: '2001:db8::7',
        user: 'backup@example.net',
        port: 22,
        identityFile: '~/.ssh/collect',
        client: {kind: 'openssh', options: []},
        dialTimeoutMs: 0,
      },
      pathMapping: [],
      rootFs: 'pool/collected from afar',
      intervalMs: 3_600_000,
      recv: {
        properties: {
          inherit: WITHHELD_PROPERTIES.filter((name) => !['canmount', 'readonly'].includes(name)),
          // Words that look like something else stay what was written.
          override: {canmount: 'off', readonly: 'on', 'org.example:owner': '0042'},
        },
        placeholderEncryption: 'inherit',
      },
      idleMs: 900_000,
      replication: {...DEFAULT_REPLICATION, initialReplication: 'fail', concurrentSteps: 8},
      pruning: {
        keepSender: [{type: 'regex', regex: {source: '.*'}, negate: false}],
        keepReceiver: [lastN(100)],
        policy: POLICY,
      },
    },
  ])
})

test('a source job', () => {
  expect(jobsOf('source-ssh')).toEqual([
    {
      type: 'source',
      floor: {minAgeMs: 0, minCount: 0},
      name: 'web',
      hooks: [],
      serve: {type: 'stdinserver', clientIdentities: ['collector', 'collector 2']},
      jobIdPerClient: false,
      filesystems: filter({'<': true, 'rpool/swap': false}, []),
      snapshotting: {type: 'manual'},
      send: {...NO_SEND_OPTIONS, raw: true},
    },
  ])
})

test('a sink job', () => {
  expect(jobsOf('sink-ssh')).toEqual([
    {
      type: 'sink',
      floor: {minAgeMs: 0, minCount: 0},
      name: 'vault',
      serve: {type: 'stdinserver', clientIdentities: ['laptop', 'desk.top:1']},
      pathMapping: [],
      rootFs: 'vault/clients',
      recv: NO_RECEIVE_OPTIONS,
    },
  ])
})

test('two jobs of one host, with sections left empty', () => {
  expect(jobsOf('local')).toEqual([
    {
      type: 'push',
      name: 'to_disk',
      hooks: [],
      connect: {type: 'local', listenerName: 'disk', clientIdentity: 'this_host', dialTimeoutMs: 2000},
      filesystems: filter({'rpool<': true}, ['rpool']),
      snapshotting: {
        type: 'periodic',
        prefix: 'daily_',
        intervalMs: DAY,
        timestamp: {format: 'dense', location: 'UTC'},
        minWritten: undefined,
        hooks: [],
      },
      send: NO_SEND_OPTIONS,
      replication: DEFAULT_REPLICATION,
      idleMs: 900_000,
      pruning: {keepSender: [lastN(7)], keepReceiver: [lastN(70)], policy: POLICY},
    },
    {
      type: 'sink',
      floor: {minAgeMs: 0, minCount: 0},
      name: 'disk',
      serve: {type: 'local', listenerName: 'disk'},
      pathMapping: [],
      rootFs: 'usb/backup',
      recv: NO_RECEIVE_OPTIONS,
    },
  ])
})

test('transports that need a daemon say where they are', () => {
  const {jobs, logging} = sample('daemon')
  expect(
    jobs.map((job) => ('connect' in job ? job.connect : 'serve' in job ? job.serve : undefined)),
  ).toEqual([
    {type: 'needs-daemon', transport: 'tcp', place: 'daemon.yml:32:13: jobs[0].connect.type'},
    {type: 'needs-daemon', transport: 'tls', place: 'daemon.yml:43:13: jobs[1].connect.type'},
    {type: 'needs-daemon', transport: 'tcp', place: 'daemon.yml:57:13: jobs[2].serve.type'},
    {type: 'needs-daemon', transport: 'tls', place: 'daemon.yml:69:13: jobs[3].serve.type'},
  ])
  const [ca, cert, key] = ['/etc/ca.pem', '/etc/cert.pem', '/etc/key.pem']
  expect(logging).toEqual([
    {type: 'stdout', level: 'info', format: 'logfmt', time: false, color: true},
    {type: 'syslog', level: 'warn', format: 'human', facility: 'daemon', retryMs: 60_000},
    {
      type: 'tcp',
      level: 'warn',
      format: 'human',
      host: 'logs.example.net',
      port: 5140,
      family: 6,
      retryMs: 10_000,
      tls: {ca, cert, key},
    },
    {type: 'file', level: 'debug', format: 'json', path: '/var/log/zrepl.log'},
  ])
})

test('words, anchors and merge keys', () => {
  const filesystems = filter(
    {yes: true, off: false, 'a:30': true, 'a2001-01-01': false, 'on/1e3': true, null: false},
    ['a:30', 'on/1e3', 'yes'],
  )
  const keep = [
    {type: 'last_n', count: 16, regex: {source: '1.50'}},
    {type: 'regex', regex: {source: 'no'}, negate: true},
  ]
  const job = {
    type: 'snap',
    hooks: [],
    filesystems,
    snapshotting: {type: 'manual'},
    pruning: {keep, limit: LIMIT},
  }
  expect(jobsOf('words')).toEqual([
    {...job, name: '0123'},
    {...job, name: 'yes'},
    {...job, name: 'third'},
  ])
})

test('included files come in the order of the entries, then of their names', () => {
  const {jobs, files, logging} = sample('include')
  expect(jobs.map(({name}) => String(name))).toEqual(['hourly', 'ten', 'twenty'])
  expect(files).toEqual([
    'include.yml',
    'snap.yml',
    'jobs.d/10-sink.yml',
    'jobs.d/20-sink.yml',
    'jobs.d/empty.yml',
  ])
  expect(logging).toEqual([
    {type: 'syslog', level: 'warn', format: 'human', facility: 'local0', retryMs: 10_000},
  ])
})

test.each([
  ['encrypted', 'encrypted'],
  ['raw', 'raw'],
  ['send_properties', 'sendProperties'],
  ['backup_properties', 'backupProperties'],
  ['large_blocks', 'largeBlocks'],
  ['compressed', 'compressed'],
  ['embedded_data', 'embeddedData'],
  ['saved', 'saved'],
])('send.%s switches on %s and nothing else', (key, option) => {
  expect(resolveSend({[key]: true})).toEqual({...NO_SEND_OPTIONS, [option]: true})
})

test('filters and rules work, not only look right', () => {
  const [job] = sample('snap').jobs as readonly (Job & {type: 'snap'})[]
  const accepted = ['tank/home', 'tank/home/a', 'tank/home/cache', 'tank/home/cache/x', 'tank'].filter(
    (name) => job?.filesystems.accepts(name as never),
  )
  expect(accepted).toEqual(['tank/home', 'tank/home/a'])
})

function sample(name: string): LoadedConfig {
  const loaded = loadConfig(`${name}.yml`, filesBelow(join(SAMPLES, 'ok')))
  if ('diagnostics' in loaded) throw new Error(`${name} has mistakes`)
  return loaded
}

function jobsOf(name: string): unknown {
  return plain(sample(name).jobs)
}

function filter(
  patterns: Readonly<Record<string, boolean>>,
  roots: readonly string[],
  named = roots,
): unknown {
  return {patterns, roots, named, recursive: !Object.keys(patterns).includes('a:30')}
}

test('what zrepl does not have in pruning', () => {
  const none = {hourly: 0, daily: 0, weekly: 0, monthly: 0, yearly: 0}
  expect(jobsOf('pruning')).toMatchObject([
    {
      pruning: {
        keepSender: [
          {
            type: 'calendar',
            counts: {...none, hourly: 24, daily: 14},
            zone: {name: 'Europe/Berlin'},
            regex: {source: '^auto_'},
          },
        ],
        keepReceiver: [
          {type: 'calendar', counts: {...none, weekly: 8, monthly: 12, yearly: 5}, zone: {name: 'UTC'}},
        ],
        policy: {onConflict: 'destroy', limit: {count: 500, percent: 30}, goneAfterMs: 90 * DAY},
      },
    },
    {floor: {minAgeMs: 30 * DAY, minCount: 10}},
    {pruning: {limit: {percent: 100}}},
  ])
})
