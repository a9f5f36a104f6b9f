import {readJobId} from '../../../src/lib/abstraction/job-id.ts'
import {isMisnamedCursor, readCursor} from '../../../src/lib/abstraction/replication-cursor.ts'
import {parseBuiltinSshOption} from '../../../src/lib/config/builtin-ssh-option.ts'
import {loadConfig} from '../../../src/lib/config/load.ts'
import {parseMysqlDsn} from '../../../src/lib/config/mysql-dsn.ts'
import {parseHostPort, parseIpOrNetwork} from '../../../src/lib/config/network-address.ts'
import {readPlainScalar} from '../../../src/lib/config/plain-scalar.ts'
import {parsePostgresDsn} from '../../../src/lib/config/postgres-dsn.ts'
import {parsePropertyName, parsePropertyValue} from '../../../src/lib/config/property.ts'
import {renderDiagnostics} from '../../../src/lib/config/render-diagnostic.ts'
import {parseSshHost, parseSshOption, parseSshUser} from '../../../src/lib/config/ssh-option.ts'
import {OperationalError} from '../../../src/lib/core/errors.ts'
import {compileRegex} from '../../../src/lib/core/linear-regex.ts'
import {printable} from '../../../src/lib/core/printable.ts'
import {parseGoDuration, parseSize, parseZreplDuration, UnitError} from '../../../src/lib/core/units.ts'
import {CronError, parseCron} from '../../../src/lib/plan/parse-cron.ts'
import {parseGrid} from '../../../src/lib/prune/keep-grid.ts'
import {parseFilter} from '../../../src/lib/scope/filter.ts'
import {createMapping} from '../../../src/lib/scope/mapping.ts'
import {parsePathRules} from '../../../src/lib/scope/path-rules.ts'
import {readDestroyProgram} from '../../../src/lib/zfs/destroy-program.ts'
import {
  foundHoldTag,
  NameError,
  parseBookmarkName,
  parseComponent,
  parseCreatetxg,
  parseDatasetName,
  parseGuid,
  parseGuidHex,
  parseHoldTag,
  parseSnapshotName,
} from '../../../src/lib/zfs/name.ts'
import {rawStreamRisk} from '../../../src/lib/zfs/raw-stream-risk.ts'
import {readDestroyEstimate} from '../../../src/lib/zfs/read-destroy-estimate.ts'
import {readHolds} from '../../../src/lib/zfs/read-holds.ts'
import {readKeyLocation} from '../../../src/lib/zfs/read-key-location.ts'
import {readProperties} from '../../../src/lib/zfs/read-properties.ts'
import {readReceived} from '../../../src/lib/zfs/read-received.ts'
import {readSendEstimate} from '../../../src/lib/zfs/read-send-estimate.ts'
import * as stderr from '../../../src/lib/zfs/read-stderr.ts'
import {readWritten} from '../../../src/lib/zfs/read-written.ts'
import type {Bookmark} from '../../../src/lib/zfs/version.ts'
import {filesOf} from '../config/sample-files.ts'
import {encodeResumeToken} from '../zfs/encode-resume-token.ts'
import {readIdentities, readList} from '../zfs/list-text.ts'
import {PROTOCOL_TARGETS} from './protocol-targets.ts'
import {type Target, toBeShown} from './target.ts'
import {ZFS_ANSWER_TARGETS} from './zfs-answer-targets.ts'

const nameError = (error: Error) => error instanceof NameError
const unitError = (error: Error) => error instanceof UnitError
const zfsOutput = (error: Error) => error instanceof OperationalError && error.code === 'zfs-output'
const tank = parseDatasetName('tank')
const query = {roots: [tank], recursive: true}
const TOKEN = encodeResumeToken({toguid: 7n, fromguid: 6n, toname: 'tank/a@b', raw: true})
const LIST =
  'tank@a\t7\t5\t1600000000\t0\ttank/c,tank/d\ntank@b\t9\t6\t1600000000\t0\t-\ntank/b#c\t8\t6\t1600000001\t-\t-\n'
const NAMES = ['tank/a b', 'tank', 'tank/a@b', 'tank/a#b', 'tank/-a/..b'] as const

const CONFIG = `jobs:
- name: a
  type: snap
  filesystems: {"tank<": true}
  snapshotting: {type: periodic, prefix: zrepl_, interval: 10m}
  pruning:
    keep: [{type: grid, grid: "1x1h(keep=all) | 24x1h", regex: "^zrepl_"}]
`

/** The names of the jobs and what there is to say besides, or all mistakes in one text. */
function takeConfiguration(text: string) {
  const loaded = loadConfig('/etc/zrepl.yml', filesOf({'/etc/zrepl.yml': text}))
  if (!('diagnostics' in loaded))
    return {jobs: loaded.jobs.map(({name}) => name), notices: loaded.notices.map(({message}) => message)}
  return {mistakes: renderDiagnostics(loaded.diagnostics)}
}

/** Every parser of text that an operator, a peer or ZFS has written. */
export const TARGETS: readonly Target[] = [
  ...PROTOCOL_TARGETS,
  ...ZFS_ANSWER_TARGETS,
  {
    name: 'configuration',
    samples: [CONFIG],
    take: takeConfiguration,
    throws: 'never',
    refusal: (answer) => (answer as {readonly mistakes?: string}).mistakes,
    longest: 20_000,
  },
  ...(
    [
      ['dataset name', parseDatasetName],
      ['snapshot name', parseSnapshotName],
      ['bookmark name', parseBookmarkName],
      ['component', parseComponent],
      ['hold tag', parseHoldTag],
      ['found hold tag', foundHoldTag],
    ] as const
  ).map(([name, take]): Target => ({name, samples: NAMES, take, throws: nameError})),
  {name: 'guid', samples: ['18446744073709551615', '1'], take: parseGuid, throws: nameError},
  {name: 'createtxg', samples: ['18446744073709551615', '1'], take: parseCreatetxg, throws: nameError},
  {name: 'guid in hex', samples: ['00000000000000ff'], take: parseGuidHex, throws: nameError},
  {
    name: 'cursor at guid 255',
    samples: ['zrepl_CURSOR_G_00000000000000ff_J_job', 'zrepl_CURSORTENTATIVE__G_00000000000000ff_J_a'],
    take(name) {
      const bookmark = {kind: 'bookmark', name, guid: parseGuid('255')} as Bookmark
      return {cursor: readCursor(bookmark)?.kind ?? 'not ours', misnamed: isMisnamedCursor(bookmark)}
    },
    throws: 'never',
  },
  {name: 'job ID', samples: ['backups', 'a b'], take: readJobId, throws: 'never'},
  {name: 'list', samples: [LIST], take: (text) => readList(text, query), throws: zfsOutput},
  {name: 'list in pieces', samples: [LIST], take: (text) => readList(text, query, 997), throws: zfsOutput},
  {
    name: 'list of one dataset',
    samples: ['tank/a@b\t7\t5\t1600000000\t0\t-\n'],
    take: (text) => readList(text, {roots: [parseDatasetName('tank/a')], recursive: false}),
    throws: zfsOutput,
  },
  {
    name: 'identities',
    samples: ['tank@a\t7\t5\t0\ntank#a\t7\t5\t-\ntank/a@b\t8\t6\t1\n'],
    take: (text) => readIdentities(text, query),
    throws: zfsOutput,
  },
  {
    name: 'answer of a channel program',
    samples: ['{"return":{"tank@a":0,"tank@b":-1,"tank@c":16}}'],
    take: readDestroyProgram,
    throws: 'never',
    refusal: (answer) => (answer === undefined ? 'not understood' : undefined),
  },
  {
    name: 'properties',
    samples: [
      `tank\ttype\tfilesystem\t-\ntank\treceive_resume_token\t${TOKEN}\t-\ntank\tencryption\toff\tdefault\ntank\twritten\t0\t-\ntank\tzrepl:placeholder\ton\tlocal\n`,
    ],
    take: (text) => readProperties(text, query),
    throws: zfsOutput,
  },
  {
    name: 'properties with bookmarks',
    samples: [
      `tank\ttype\tfilesystem\t-\ntank\treceive_resume_token\t-\t-\ntank\tencryption\toff\tdefault\ntank\tkeystatus\t-\t-\ntank\twritten\t0\t-\ntank\tguid\t1\t-\ntank\tcreatetxg\t1\t-\ntank\torigin\t-\t-\ntank\tsnapshots_changed\t1600000000\t-\ntank\tcreation\t1\t-\n`,
      `tank#a\ttype\tbookmark\t-\ntank#a\treceive_resume_token\t-\t-\ntank#a\tencryption\t-\t-\ntank#a\tkeystatus\t-\t-\ntank#a\twritten\t-\t-\ntank#a\tguid\t1\t-\ntank#a\tcreatetxg\t1\t-\ntank#a\torigin\t-\t-\ntank#a\tsnapshots_changed\t-\t-\ntank#a\tcreation\t1\t-\n`,
    ],
    take: (text) => readProperties(text, query, ['tank'], {snapshotsState: true, bookmarks: true}),
    throws: zfsOutput,
  },
  {
    name: 'holds',
    samples: ['tank@a\tzrepl_STEP_J_x\tTue Nov 14 22:13 2023\n'],
    take: (text) => readHolds(text, [parseSnapshotName('tank@a')]),
    throws: zfsOutput,
  },
  {
    name: 'received properties',
    samples: ['tank\tmountpoint\treceived\n'],
    take: (text) => readReceived(text, tank, ['mountpoint']),
    throws: zfsOutput,
  },
  {
    name: 'key location',
    samples: ['tank\tkeylocation\tfile:///root/key\n'],
    take: (text) => readKeyLocation(text, tank),
    throws: zfsOutput,
  },
  {name: 'written', samples: ['tank\t4096\n'], take: (text) => readWritten(text, [tank]), throws: zfsOutput},
  {
    name: 'send estimate',
    samples: ['full\ttank@a\t100\nsize\t100\n', 'incremental\ta\ttank@b\t5\nsize\t5\n'],
    take: readSendEstimate,
    throws: zfsOutput,
  },
  {
    name: 'destroy estimate',
    samples: ['destroy\ttank@a\nreclaim\t4096\n'],
    take: readDestroyEstimate,
    throws: zfsOutput,
  },
  {
    name: 'the version of the kernel module',
    samples: ['2.3.2-2~bpo12+2', '2.1.1-1', '2.4.99-rc1-dirty'],
    take: (text) => ({risk: rawStreamRisk(text)}),
    throws: zfsOutput,
  },
  ...Object.entries(stderr).map(
    ([name, take]): Target => ({
      name,
      samples: [
        "cannot hold snapshot 'tank@a': tag already exists on this dataset\n",
        "cannot destroy snapshot tank@a: it's being held. Run 'zfs holds -r tank@a' to see holders.\n",
        "cannot destroy 'tank@a': snapshot has dependent clones\nuse '-R' to destroy the following datasets:\ntank/c\n",
        "cannot open 'tank/x': dataset does not exist\n",
        `cannot receive resume stream: checksum mismatch or incomplete stream.\nPartially received snapshot is saved.\nA resuming stream can be generated on the sending system by running:\n    zfs send -t ${TOKEN}\n`,
      ],
      take: (text) => take(text),
      throws: 'never',
    }),
  ),
  {name: 'printable', samples: ['\x1b[31mred', 'a'], take: printable, throws: 'never'},
  {name: 'duration', samples: ['10m', '1h', '5d', '1w'], take: parseZreplDuration, throws: unitError},
  {name: 'Go duration', samples: ['1h30m', '1.5s', '-10µs'], take: parseGoDuration, throws: unitError},
  {name: 'size', samples: ['10 MiB', '23.5 Mb', '-1 bit'], take: parseSize, throws: unitError},
  {
    name: 'grid',
    samples: ['1x1h(keep=all) | 24x1h', '7x1d|4x7d(keep=2)'],
    take: parseGrid,
    throws: toBeShown,
  },
  {
    name: 'cron',
    samples: ['*/15 0-5 * JAN,FEB 1-5', '@every 1h'],
    take: parseCron,
    throws: (error) => error instanceof CronError,
  },
  {
    name: 'regular expression',
    samples: ['^zrepl_.*(a|b)+$', '[[:alpha:]]\\d{2,3}'],
    take: compileRegex,
    throws: toBeShown,
    longest: 3000,
  },
  {
    name: 'filter',
    samples: ['tank/a<', '<', 'tank/vm-*/d?'],
    take: (text) => parseFilter(new Map([[text, true]])).accepts(tank),
    throws: toBeShown,
  },
  {
    name: 'client identity',
    samples: ['prod', 'a b'],
    take: (text) => createMapping(tank, text).toReceiver(tank),
    throws: (error) =>
      nameError(error) || (error instanceof OperationalError && error.code === 'name-too-long'),
  },
  {
    name: 'path rules',
    samples: ['tank/a', ''],
    take: (text) =>
      parsePathRules([
        {from: 'tank/b', to: text},
        {from: text, to: 'x'},
      ]),
    throws: toBeShown,
  },
  {
    name: 'ssh option',
    samples: ['Ciphers=aes', 'Port 22', 'User "a"'],
    take: parseSshOption,
    throws: toBeShown,
  },
  {
    name: 'built-in ssh option',
    samples: ['Ciphers=aes', 'Compression no'],
    take: parseBuiltinSshOption,
    throws: toBeShown,
  },
  {name: 'ssh host', samples: ['backup.example.com', 'fe80::1%eth0'], take: parseSshHost, throws: toBeShown},
  {name: 'ssh user', samples: ['root', 'a@example.com'], take: parseSshUser, throws: toBeShown},
  {name: 'host and port', samples: ['127.0.0.1:80', '[::1]:80'], take: parseHostPort, throws: toBeShown},
  {name: 'address or network', samples: ['10.0.0.0/8', '::1'], take: parseIpOrNetwork, throws: toBeShown},
  {name: 'plain scalar', samples: ['yes', '0x1f', '1e3', '~'], take: readPlainScalar, throws: 'never'},
  {name: 'property name', samples: ['compression', 'com.sun:a'], take: parsePropertyName, throws: toBeShown},
  {name: 'property value', samples: ['lz4', 'a b'], take: parsePropertyValue, throws: toBeShown},
  {
    name: 'postgres',
    samples: ['host=localhost user=a', 'postgresql://a:b@h:5432/d?x=y'],
    take: parsePostgresDsn,
    throws: toBeShown,
  },
  {
    name: 'mysql',
    samples: ['root:pw@tcp(localhost:3306)/', 'a@unix(/run/x)/d'],
    take: parseMysqlDsn,
    throws: toBeShown,
  },
]
