import {parseJobId} from '../abstraction/job-id.ts'
import {Bug} from '../core/assert.ts'
import {compileRegex} from '../core/linear-regex.ts'
import {quoted} from '../core/printable.ts'
import {isTimeZone} from '../core/time-zone.ts'
import {parseGoDuration, parseSize, parseZreplDuration} from '../core/units.ts'
import {parseCron} from '../plan/parse-cron.ts'
import {parseGrid} from '../prune/keep-grid.ts'
import {parseFilter} from '../scope/filter.ts'
import {MAX_NAME_BYTES, parseComponent, parseDatasetName} from '../zfs/name.ts'
import {parseBuiltinSshOption} from './builtin-ssh-option.ts'
import {parseMysqlDsn} from './mysql-dsn.ts'
import {parseHostPort, parseIpOrNetwork} from './network-address.ts'
import {parsePostgresDsn} from './postgres-dsn.ts'
import {parsePropertyName, parsePropertyValue} from './property.ts'
import {parseSshHost, parseSshOption, parseSshUser} from './ssh-option.ts'

/**
 * What `format` means in the schema of the configuration: how the text of one value is read. Each throws an `Error`
 * that quotes the text and says what is wrong with it; what it returns does not matter here.
 */
const READERS: Readonly<Record<string, (text: string) => unknown>> = {
  bandwidth: parseBandwidth,
  'builtin-ssh-option': parseBuiltinSshOption,
  'bucket-capacity': parsePositiveSize,
  'buffer-size': parseBufferSize,
  'client-identity': parseClientIdentity,
  'client-identity-pattern': parseClientIdentityPattern,
  cron: parseCron,
  dataset: parseDatasetName,
  'filter-pattern': (text) => parseFilter(new Map([[text, true]])),
  grid: parseGrid,
  'host-port': parseHostPort,
  'http-url': parseHttpUrl,
  interval: parseInterval,
  'ip-or-network': parseIpOrNetwork,
  'job-name': parseJobName,
  'mysql-dsn': parseMysqlDsn,
  path: parsePath,
  program: parseProgram,
  'positive-size': parsePositiveSize,
  'positive-timeout': parsePositiveTimeout,
  'postgres-dsn': parsePostgresDsn,
  'property-name': parsePropertyName,
  'property-value': parsePropertyValue,
  'pull-interval': (text) => text === 'manual' || parseInterval(text),
  re2: parseRegex,
  'snapshot-prefix': parseSnapshotPrefix,
  'ssh-host': parseSshHost,
  'ssh-option': parseSshOption,
  'ssh-user': parseSshUser,
  timeout: parseTimeout,
  'watchdog-idle': (text) => text === 'never' || parseInterval(text),
  'time-zone': parseTimeZone,
}

/** The same as predicates, for the generated validator. */
export const FORMATS: Readonly<Record<string, (text: string) => boolean>> = Object.fromEntries(
  Object.keys(READERS).map((format) => [format, (text: string) => formatProblem(format, text) === undefined]),
)

/** Why `text` is not of this format; `undefined` when it is. */
export function formatProblem(format: string, text: string): string | undefined {
  const read = READERS[format]
  if (read === undefined) throw new Bug(`the schema has a format ${format} that nobody reads`)
  try {
    read(text)
    return undefined
  } catch (error) {
    if (!(error instanceof Error) || error instanceof Bug || error instanceof TypeError) throw error
    return error.message
  }
}

function parseInterval(text: string): number {
  return positive(parseZreplDuration(text), 'duration', text)
}

function parseTimeout(text: string): number {
  const timeoutMs = parseGoDuration(text)
  if (timeoutMs < 0) throw new Error(`bad duration ${quoted(text)}: it must not be negative`)
  return timeoutMs
}

function parsePositiveTimeout(text: string): number {
  return positive(parseGoDuration(text), 'duration', text)
}

function parseBandwidth(text: string): bigint {
  const bytes = parseSize(text)
  if (bytes === 0n) {
    throw new Error(`bad size ${quoted(text)}: nothing would ever pass; for no limit leave the key out`)
  }
  return bytes
}

function parsePositiveSize(text: string): bigint {
  return positive(parseSize(text), 'size', text)
}

/** The kernel keeps an entry for each page of a pipe in one piece of memory, which it has only up to a size. */
const MAX_BUFFER_BYTES = 256n * 1024n * 1024n

function parseBufferSize(text: string): bigint {
  const bytes = parsePositiveSize(text)
  if (bytes > MAX_BUFFER_BYTES) throw new Error(`bad size ${quoted(text)}: a pipe holds at most 256 MiB`)
  return bytes
}

function positive<T extends number | bigint>(value: T, what: string, text: string): T {
  if (value <= 0) throw new Error(`bad ${what} ${quoted(text)}: it must be more than 0`)
  return value
}

/** Spaces at the ends are valid in ZFS and in zrepl, but nobody sees them in a bookmark. */
function parseJobName(text: string): string {
  if (text !== text.trim()) throw new Error(`bad job name ${quoted(text)}: it begins or ends with a space`)
  return parseJobId(text)
}

/** It becomes a component of dataset names. */
function parseClientIdentity(text: string): string {
  return parseComponent(text)
}

/** With one `*` it is for a network; that this fits the address is seen where both are known. */
function parseClientIdentityPattern(text: string): string {
  return parseComponent(text.replace('*', '0'))
}

/** The longest timestamp must fit behind it, and a dataset before it. */
function parseSnapshotPrefix(text: string): string {
  parseComponent(text)
  if (text.length + LONGEST_TIMESTAMP.length > MAX_NAME_BYTES - 'p@'.length) {
    throw new Error(`bad prefix ${quoted(text)}: it leaves no room for the time`)
  }
  return text
}

const LONGEST_TIMESTAMP = '2006-01-02T15:04:05.000-0700'

function parseRegex(text: string): unknown {
  try {
    return compileRegex(text)
  } catch (error) {
    if (!(error instanceof Error)) throw error
    throw new Error(`bad regular expression ${quoted(text)}: ${error.message}`)
  }
}

function parseTimeZone(text: string): string {
  if (isTimeZone(text)) return text
  throw new Error(`bad time zone ${quoted(text)}: it must be an IANA name like Europe/Berlin, UTC or Local`)
}

/** Paths become arguments of programs, so none may look like an option. */
/** It is started without a search and without a shell. */
function parseProgram(text: string): string {
  if (!text.startsWith('/')) throw new Error(`bad program ${quoted(text)}: it must be an absolute path`)
  return parsePath(text)
}

function parsePath(text: string): string {
  if (text.startsWith('-')) throw new Error(`bad path ${quoted(text)}: it starts with -`)
  if (/\p{Cc}/u.test(text)) throw new Error(`bad path ${quoted(text)}: it contains a control character`)
  return text
}

function parseHttpUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined
  // Not quoted: who knows it can call it.
  if (url === undefined || !['http:', 'https:'].includes(url.protocol))
    throw new Error('bad URL: it must begin with https:// or http:// and name a host')
  if (url.search !== '' || url.hash !== '')
    throw new Error(
      'bad URL: it must not have a query or fragment, because /start and /fail are put behind it',
    )
  return url
}
