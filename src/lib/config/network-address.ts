import {quoted} from '../core/printable.ts'

/** Reads Go's `host:port`; the host may be empty, an IPv6 address stands in brackets. Throws an `Error`. */
export function parseHostPort(text: string): {readonly host: string; readonly port: number} {
  const [, bracketed, plain, port] = /^(?:\[([^\]]*)\]|([^:[\]]*)):(\d{1,5})$/.exec(text) ?? []
  if (port === undefined) throw new Error(`bad address ${quoted(text)}: it must be host:port`)
  if (Number(port) > 65535) throw new Error(`bad address ${quoted(text)}: ${port} is not a port`)
  return {host: bracketed ?? plain ?? '', port: Number(port)}
}

/** Reads the key of a `clients` map: an address, with a zone if IPv6, or a network in CIDR notation. Throws an `Error`. */
export function parseIpOrNetwork(text: string): 'address' | 'network' {
  const [, address = '', zone, bits] = /^([^%/]*)(?:%([^/]+))?(?:\/(\d{1,3}))?$/.exec(text) ?? []
  const width = isIpv4(address) ? 32 : isIpv6(address) ? 128 : 0
  if (width === 0 || (zone !== undefined && (width === 32 || bits !== undefined))) {
    throw new Error(`bad client ${quoted(text)}: it must be an IP address or a network like 10.0.0.0/8`)
  }
  if (bits === undefined) return 'address'
  if (Number(bits) > width) {
    throw new Error(`bad client ${quoted(text)}: the network has more than ${width} bits`)
  }
  return 'network'
}

function isIpv4(text: string): boolean {
  const parts = text.split('.')
  return parts.length === 4 && parts.every((part) => /^(?:0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255)
}

/** Eight groups, or fewer with one `::`; the last two may be an IPv4 address. */
function isIpv6(text: string): boolean {
  const [head = '', tail, ...more] = text.split('::')
  if (more.length > 0) return false
  const groups = [groupsOf(head, tail === undefined), tail === undefined ? 0 : groupsOf(tail, true)]
  const count = groups.reduce((sum, size) => sum + size, 0)
  return tail === undefined ? count === 8 : count <= 7
}

/** How many groups of 16 bits; far too many when one of them is malformed. */
function groupsOf(text: string, mayEndInIpv4: boolean): number {
  if (text === '') return 0
  const parts = text.split(':')
  const sizes = parts.map((part, index) => {
    if (/^[0-9A-Fa-f]{1,4}$/.test(part)) return 1
    return mayEndInIpv4 && index === parts.length - 1 && isIpv4(part) ? 2 : 100
  })
  return sizes.reduce((sum, size) => sum + size, 0)
}
