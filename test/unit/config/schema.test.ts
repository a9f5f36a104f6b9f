import {describe, expect, test} from 'vitest'
import schema from '../../../schemas/config.schema.json' with {type: 'json'}
import {isRecord} from '../../../src/lib/config/peek.ts'
import {load, plain} from './sample-files.ts'

type Schema = Readonly<Record<string, unknown>>

/** Every key of the configuration with its schema: what stands beside a reference counts before what it refers to. */
const KEYS = mapsIn(schema, '').flatMap(({place, map}) =>
  entriesOf(map['properties']).map(([key, property]) => ({
    place: `${place}.${key}`,
    property: merged(property),
    isRequired: Array.isArray(map['required']) && map['required'].includes(key),
  })),
)

test('the schema has keys to check', () => {
  expect(KEYS.length).toBeGreaterThan(120)
})

test.each(KEYS.map(({place, property}) => [place, property] as const))(
  '%s is described',
  (_place, {description}) => {
    expect(description).toMatch(/^[A-Z0-9].*\.$/s)
  },
)

test('every choice and every map with a name has a title and a description', () => {
  const named = Object.entries(schema.$defs as Readonly<Record<string, Schema>>)
  const maps = named.filter(([, definition]) => definition['type'] === 'object')
  for (const [name, definition] of maps) {
    expect([name, typeof definition['title'], typeof definition['description']]).toEqual([
      name,
      'string',
      'string',
    ])
  }
})

test('no map takes keys it does not know', () => {
  const open = mapsIn(schema, '').filter(
    ({map}) => map['properties'] !== undefined && map['additionalProperties'] !== false,
  )
  expect(open.map(({place}) => place)).toEqual([])
})

test('what is not required has a default, unless its absence means something', () => {
  const without = KEYS.filter(({isRequired, property}) => !isRequired && property['default'] === undefined)
  expect(without.map(({place}) => place)).toEqual([
    '#/$defs/sourceJob.retention_floor',
    '#/$defs/sinkJob.retention_floor',
    '#/$defs/sshConnect.ssh_command',
    '#/$defs/sshConnect.transport_open_command',
    '#/$defs/periodicSnapshotting.min_written',
    '#/$defs/cronSnapshotting.min_written',
    '#/$defs/bothSidesPruning.limit',
    '#/$defs/bothSidesPruning.gone_on_sender',
    '#/$defs/snapPruning.limit',
    '#/$defs/pruneLimit.count',
    '#/$defs/retentionFloor.min_age',
    '#/$defs/send.buffer',
    '#/$defs/recv.buffer',
    '#/$defs/replication.compression',
    '#/$defs/replication/properties/snapshots.prefix',
    '#/$defs/replication/properties/snapshots.regex',
    '#/$defs/tcpOutlet.tls',
    '#/$defs/commandNotify.jobs',
    '#/$defs/healthcheckNotify.jobs',
  ])
})

test('what is required has no default', () => {
  expect(KEYS.filter(({isRequired, property}) => isRequired && property['default'] !== undefined)).toEqual([])
})

test('the values by default are those of zrepl', () => {
  const values = KEYS.flatMap(({place, property}) => {
    const value = property['default']
    return value === undefined || isRecord(value)
      ? []
      : [`${place.replace(/^#(?:\/\$defs\/)?/, '')} ${JSON.stringify(value)}`]
  })
  expect(values).toEqual([
    '.include []',
    '.jobs []',
    'pushJob.hooks []',
    'pullJob.path_mapping []',
    'pullJob.hooks []',
    'sourceJob.job_id_per_client false',
    'sourceJob.hooks []',
    'sinkJob.path_mapping []',
    'snapJob.hooks []',
    'pathMapping/items.to ""',
    'sshConnect.client "openssh"',
    'sshConnect.options []',
    'sshConnect.dial_timeout "10s"',
    'localConnect.dial_timeout "2s"',
    'tcpConnect.dial_timeout "10s"',
    'tlsConnect.dial_timeout "10s"',
    'tcpServe.listen_freebind false',
    'tlsServe.listen_freebind false',
    'tlsServe.handshake_timeout "10s"',
    'periodicSnapshotting.timestamp_format "dense"',
    'periodicSnapshotting.timestamp_location "UTC"',
    'periodicSnapshotting.hooks []',
    'cronSnapshotting.timestamp_format "dense"',
    'cronSnapshotting.timestamp_location "UTC"',
    'cronSnapshotting.hooks []',
    'commandHook.args []',
    'commandHook.per "filesystem"',
    'commandHook.err_is_fatal false',
    'commandHook.timeout "30s"',
    'postgresHook.err_is_fatal false',
    'postgresHook.timeout "30s"',
    'mysqlHook.err_is_fatal false',
    'mysqlHook.timeout "30s"',
    'phaseHook.args []',
    'phaseHook.around "job"',
    'phaseHook.err_is_fatal false',
    'phaseHook.timeout "30s"',
    'bothSidesPruning.conflict "keep"',
    'pruneLimit.percent 90',
    'retentionFloor.min_count 0',
    'keepNotReplicated.keep_snapshot_at_cursor true',
    'keepLastN.regex ""',
    'keepCalendar.hourly 0',
    'keepCalendar.daily 0',
    'keepCalendar.weekly 0',
    'keepCalendar.monthly 0',
    'keepCalendar.yearly 0',
    'keepCalendar.location "UTC"',
    'keepCalendar.regex ""',
    'keepRegex.negate false',
    'send.encrypted false',
    'send.raw false',
    'send.send_properties false',
    'send.backup_properties false',
    'send.large_blocks false',
    'send.compressed false',
    'send.embedded_data false',
    'send.saved false',
    'recv/properties/properties.inherit []',
    'recv/properties/properties.accept []',
    'recv/properties/placeholder.encryption "unspecified"',
    'bandwidthLimit.max "-1 B"',
    'bandwidthLimit.bucket_capacity "128 KiB"',
    'watchdog.idle "15m"',
    'replication/properties/protection.initial "guarantee_resumability"',
    'replication/properties/protection.incremental "guarantee_resumability"',
    'replication/properties/compression.level 3',
    'replication/properties/concurrency.steps 1',
    'replication/properties/concurrency.size_estimates 4',
    'conflictResolution.initial_replication "most_recent"',
    'conflictResolution.diverged "fail"',
    'global.logging [{"type":"stdout","level":"warn","format":"human"}]',
    'global.monitoring []',
    'global.notify []',
    'global/properties/zfs.access "auto"',
    'global/properties/control.sockpath "/var/run/zrepl/control"',
    'global/properties/serve/properties/stdinserver.sockdir "/var/run/zrepl/stdinserver"',
    'stdoutOutlet.level "warn"',
    'stdoutOutlet.format "human"',
    'stdoutOutlet.time true',
    'stdoutOutlet.color true',
    'syslogOutlet.level "warn"',
    'syslogOutlet.format "human"',
    'syslogOutlet.facility "local0"',
    'syslogOutlet.retry_interval "10s"',
    'tcpOutlet.level "warn"',
    'tcpOutlet.format "human"',
    'tcpOutlet.net "tcp"',
    'tcpOutlet.retry_interval "10s"',
    'fileOutlet.level "warn"',
    'fileOutlet.format "human"',
    'commandNotify.args []',
    'commandNotify.when "failure"',
    'commandNotify.timeout "30s"',
    'healthcheckNotify.timeout "30s"',
    'prometheusMonitoring.listen_freebind false',
  ])
})

describe('the defaults of the schema are those of the program', () => {
  const pruning = {
    keep_sender: [{type: 'not_replicated'}],
    keep_receiver: [
      {type: 'last_n', count: 1},
      {type: 'grid', grid: '1x1h', regex: 'a'},
      {type: 'regex', regex: 'a'},
    ],
  }
  const ssh = {type: 'ssh+stdinserver', host: 'h', user: 'u', port: 22, identity_file: '/i'}
  const local = {type: 'local', listener_name: 'l', client_identity: 'c'}
  const periodic = {type: 'periodic', prefix: 'p', interval: '1h'}
  const filesystems = {'<': true}

  test.each([
    {type: 'push', name: 'j', connect: ssh, filesystems, snapshotting: periodic, pruning},
    {type: 'push', name: 'j', connect: local, filesystems, snapshotting: {type: 'manual'}, pruning},
    {type: 'pull', name: 'j', connect: ssh, root_fs: 'r', interval: 'manual', pruning},
    {
      type: 'source',
      name: 'j',
      serve: {type: 'stdinserver', client_identities: ['c']},
      filesystems,
      snapshotting: periodic,
    },
    {type: 'sink', name: 'j', serve: {type: 'local', listener_name: 'l'}, root_fs: 'r'},
    {type: 'sink', name: 'j', serve: {type: 'tcp', listen: ':1', clients: {'::1': 'c'}}, root_fs: 'r'},
    {
      type: 'snap',
      name: 'j',
      filesystems,
      snapshotting: periodic,
      pruning: {keep: [{type: 'last_n', count: 3}]},
    },
  ])('in a $type job', (job) => {
    const minimal = {jobs: [job]}
    const explicit = withDefaults(minimal, schema)
    expect(explicit).not.toEqual(minimal)

    const [implied, written] = [load(JSON.stringify(minimal)), load(JSON.stringify(explicit))]
    expect(written.notices.map(({path}) => path)).toContain('global.control')
    expect(plain(withoutPlaces(written.jobs))).toEqual(plain(withoutPlaces(implied.jobs)))
    expect(written.logging).toEqual(implied.logging)
  })
})

/** `value` with every key that is not there and has a default, at all depths. */
function withDefaults(value: unknown, of: Schema): unknown {
  if (Array.isArray(value)) return value.map((item) => withDefaults(item, deref(of['items'])))
  if (!isRecord(value)) return value
  const map = branchOf(of, value)
  const missing = entriesOf(map['properties'])
    .map(([key, property]) => [key, merged(property)['default']] as const)
    .filter(([key, fallback]) => fallback !== undefined && !Object.hasOwn(value, key))
  const whole = Object.entries({...value, ...Object.fromEntries(missing)})
  const properties = Object.fromEntries(entriesOf(map['properties']))
  return Object.fromEntries(
    whole.map(([key, part]) => [key, withDefaults(part, merged(properties[key] ?? {}))]),
  )
}

function branchOf(of: Schema, value: Readonly<Record<string, unknown>>): Schema {
  if (!Array.isArray(of['oneOf'])) return of
  const branches: readonly Schema[] = of['oneOf'].map(deref)
  const typeOf = (branch: Schema) => Object.fromEntries(entriesOf(branch['properties']))['type']?.['const']
  return branches.find((branch) => typeOf(branch) === value['type']) ?? {}
}

/** All schemas of maps in the schema, with the place of each. */
function mapsIn(at: unknown, place: string): readonly {readonly place: string; readonly map: Schema}[] {
  if (Array.isArray(at)) return at.flatMap((item, index) => mapsIn(item, `${place}/${index}`))
  if (!isRecord(at)) return []
  const below = Object.entries(at).flatMap(([key, part]) =>
    mapsIn(part, `${place === '' ? '#' : place}/${key}`),
  )
  return at['type'] === 'object' ? [{place, map: at}, ...below] : below
}

function entriesOf(value: unknown): readonly (readonly [string, Schema])[] {
  return isRecord(value) ? (Object.entries(value) as [string, Schema][]) : []
}

function merged(property: Schema): Schema {
  return {...deref(property), ...property}
}

function deref(found: unknown): Schema {
  const at = isRecord(found) ? found : {}
  const reference = at['$ref']
  if (typeof reference !== 'string') return at
  return (schema.$defs as Readonly<Record<string, Schema>>)[reference.slice('#/$defs/'.length)] ?? {}
}

/** Where a job stands is not a default. */
function withoutPlaces(value: unknown): unknown {
  return JSON.parse(JSON.stringify(plain(value), (key, part) => (key === 'place' ? undefined : part)))
}
