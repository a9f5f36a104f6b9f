import {quoted} from '../core/printable.ts'

/**
 * Reads one entry of `connect.options`, which ssh gets behind `-o`: `Keyword=value` or `Keyword value`.
 *
 * Refused is what would weaken the check of the host key (threat T26), open a way from the far side to this host or
 * share the connection with others (T27), run another program (T28), or break the stream. Values that say what we say
 * anyway are fine. ssh reads keywords in any case and takes off quotes; so do we.
 * Throws an `Error` that says why.
 */
export function parseSshOption(text: string): {readonly keyword: string; readonly value: string} {
  const [, keyword, value] =
    /^[ \t]*([A-Za-z][A-Za-z0-9]*)(?:[ \t]*=[ \t]*|[ \t]+)(\S.*?)[ \t]*$/.exec(text) ?? []
  if (keyword === undefined || value === undefined || /\p{Cc}/u.test(text.replaceAll('\t', ''))) {
    throw bad(text, 'it must be Keyword=value')
  }
  const rule = RULES.find(({allowed}) => Object.hasOwn(allowed, keyword.toLowerCase()))
  const allowed = rule?.allowed[keyword.toLowerCase()]
  const plain = value.replace(/^"(.*)"$/, '$1').toLowerCase()
  if (rule !== undefined && allowed?.includes(plain) !== true) throw bad(text, rule.because)
  if (plain.startsWith('-')) throw bad(text, 'the value looks like an option')
  return {keyword, value}
}

/** Keywords in lower case, each with the only values it may have. */
type Rule = {readonly because: string; readonly allowed: Readonly<Record<string, readonly string[]>>}

const RULES: readonly Rule[] = [
  {
    because: 'it weakens the check of the host key; put the key into known_hosts',
    allowed: {stricthostkeychecking: ['yes', 'ask'], nohostauthenticationforlocalhost: ['no']},
  },
  {
    because: 'it runs another program',
    allowed: {
      proxycommand: ['none'],
      knownhostscommand: ['none'],
      localcommand: [],
      permitlocalcommand: ['no'],
      remotecommand: ['none'],
      xauthlocation: [],
      include: [],
    },
  },
  {
    because: 'it opens a way from the far side to this host',
    allowed: {
      forwardagent: ['no'],
      forwardx11: ['no'],
      forwardx11trusted: ['no'],
      localforward: [],
      remoteforward: [],
      permitremoteopen: [],
      dynamicforward: [],
      gatewayports: ['no'],
      clearallforwardings: ['yes'],
      tunnel: ['no'],
      tunneldevice: [],
    },
  },
  {
    because: 'it shares the connection with others',
    allowed: {controlmaster: ['no'], controlpath: ['none'], controlpersist: ['no']},
  },
  {
    because: 'it disturbs the session, which is not a terminal and carries binary streams',
    allowed: {
      batchmode: ['yes'],
      requesttty: ['no'],
      escapechar: ['none'],
      enableescapecommandline: ['no'],
      stdinnull: ['no'],
      forkafterauthentication: ['no'],
      sessiontype: ['default'],
    },
  },
  {
    because: 'there is a key of its own for it beside options',
    allowed: {user: [], port: [], identityfile: []},
  },
]

/** Reads `connect.host`: a name, an address or an alias of ssh_config; nothing ssh would expand or take for an option. */
export function parseSshHost(text: string): string {
  const isName = /^[A-Za-z0-9_][A-Za-z0-9_.-]*$/.test(text)
  const isIpv6 = /^[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*(?:%[A-Za-z0-9_.-]+)?$/.test(text)
  if (!isName && !isIpv6) {
    throw new Error(`bad host ${quoted(text)}: it must be a host name or an address, and nothing else`)
  }
  return text
}

/** Reads `connect.user`: a login name, with a domain behind `@` if need be. */
export function parseSshUser(text: string): string {
  if (!/^[A-Za-z0-9_][A-Za-z0-9_.+-]*(?:@[A-Za-z0-9][A-Za-z0-9.-]*)?\$?$/.test(text)) {
    throw new Error(`bad user ${quoted(text)}: it must be a login name`)
  }
  return text
}

function bad(text: string, problem: string): Error {
  return new Error(`bad ssh option ${quoted(text)}: ${problem}`)
}
