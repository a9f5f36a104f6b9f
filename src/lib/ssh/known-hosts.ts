import {createHmac} from 'node:crypto'
import {matchesWildcard} from '../core/wildcard.ts'

/** One line of a known_hosts file (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT). */
export type KnownHost = {
  /** Where it stands: `FILE:LINE`. */
  readonly place: string
  readonly marker: 'revoked' | 'cert-authority' | undefined
  /** The first field as it stands: patterns, or one hashed name. */
  readonly hosts: string
  readonly keyType: string
  /** The key in base64, as it stands. */
  readonly key: string
}

/** What known_hosts says of a key that a host shows. */
export type HostKeyVerdict =
  | {readonly kind: 'known'}
  | {readonly kind: 'revoked'; readonly place: string}
  /** The host is known by other keys. */
  | {readonly kind: 'changed'; readonly place: string}
  | {readonly kind: 'unknown'}

/** Reads a known_hosts file. Lines that are not understood name no host, as in OpenSSH. */
export function parseKnownHosts(text: string, file: string): readonly KnownHost[] {
  return text.split('\n').flatMap((line, index): readonly KnownHost[] => {
    const words = line.trim().split(/[ \t]+/)
    const marker = MARKERS.find((marker) => words[0] === `@${marker}`)
    if (marker !== undefined) words.shift()
    const [hosts, keyType, key] = words
    if (hosts === undefined || keyType === undefined || key === undefined || /^[#@]/.test(hosts)) return []
    return [{place: `${file}:${index + 1}`, marker, hosts, keyType, key}]
  })
}

const MARKERS = ['revoked', 'cert-authority'] as const

/** How known_hosts spells a host: a port that is not 22 is part of the name. */
export function knownHostName(host: string, port: number): string {
  return port === 22 ? host.toLowerCase() : `[${host.toLowerCase()}]:${port}`
}

/** The types of the keys by which `name` is known. A server is asked for one of these only. */
export function knownKeyTypes(known: readonly KnownHost[], name: string): readonly string[] {
  const own = known.filter((entry) => entry.marker === undefined && namesHost(entry, name))
  return Array.from(new Set(own.map(({keyType}) => keyType)))
}

/** Judges the key (base64) that the host `name` shows. A revoked key is refused whatever else is said of it. */
export function judgeHostKey(known: readonly KnownHost[], name: string, key: string): HostKeyVerdict {
  const own = known.filter((entry) => namesHost(entry, name))
  const revoked = own.find((entry) => entry.marker === 'revoked' && entry.key === key)
  if (revoked !== undefined) return {kind: 'revoked', place: revoked.place}
  const plain = own.filter(({marker}) => marker === undefined)
  if (plain.some((entry) => entry.key === key)) return {kind: 'known'}
  const [other] = plain
  return other === undefined ? {kind: 'unknown'} : {kind: 'changed', place: other.place}
}

/** Patterns as in ssh_config(5): one that is negated wins. */
function namesHost({hosts}: KnownHost, name: string): boolean {
  if (hosts.startsWith('|')) return isHashOf(hosts, name)
  const patterns = hosts.toLowerCase().split(',')
  if (patterns.some((pattern) => pattern.startsWith('!') && matchesWildcard(pattern.slice(1), name)))
    return false
  return patterns.some((pattern) => matchesWildcard(pattern, name))
}

/** `|1|SALT|HASH`: the HMAC-SHA1 of the name. */
function isHashOf(field: string, name: string): boolean {
  const [, version, salt, hash] = field.split('|')
  if (version !== '1' || salt === undefined || hash === undefined) return false
  return createHmac('sha1', Buffer.from(salt, 'base64')).update(name).digest('base64') === hash
}
