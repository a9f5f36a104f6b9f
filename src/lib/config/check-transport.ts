import {type Finding, mistake, notice, type Path} from './diagnostic.ts'
import {formatProblem} from './formats.ts'
import {parseIpOrNetwork} from './network-address.ts'
import {peek, peekEntries, peekList, peekText} from './peek.ts'

/** What the schema cannot say about `connect`. */
export function checkConnect(connect: unknown, path: Path): readonly Finding[] {
  const findings = checkDaemon(connect, path, 'ssh+stdinserver')
  if (peek(connect, 'type') !== 'ssh+stdinserver') return findings
  if (peek(connect, 'ssh_command') !== undefined) {
    findings.push(mistake([...path, 'ssh_command'], 'another ssh client is not supported yet'))
  }
  if (peek(connect, 'client') === 'builtin') findings.push(...checkBuiltinOptions(connect, path))
  if (peek(connect, 'transport_open_command') !== undefined) {
    findings.push(notice([...path, 'transport_open_command'], 'has no effect, here and in zrepl'))
  }
  return findings
}

/** What the schema accepts for ssh, the built-in client may not have. */
function checkBuiltinOptions(connect: unknown, path: Path): readonly Finding[] {
  return peekList(peek(connect, 'options')).flatMap((option, index): readonly Finding[] => {
    if (typeof option !== 'string' || formatProblem('ssh-option', option) !== undefined) return []
    const problem = formatProblem('builtin-ssh-option', option)
    return problem === undefined ? [] : [mistake([...path, 'options', index], problem)]
  })
}

/** What the schema cannot say about `serve`. */
export function checkServe(serve: unknown, path: Path): readonly Finding[] {
  return [
    ...checkDaemon(serve, path, 'stdinserver'),
    ...checkClients(peek(serve, 'clients'), [...path, 'clients']),
  ]
}

function checkDaemon(transport: unknown, path: Path, instead: string): Finding[] {
  const type = peekText(transport, 'type')
  if (type !== 'tcp' && type !== 'tls') return []
  return [notice([...path, 'type'], `${type} needs a daemon: use ${instead}`)]
}

/** One address has one identity; the identities of a network are told apart by a `*`. */
function checkClients(clients: unknown, path: Path): readonly Finding[] {
  return peekEntries(clients).flatMap(([client, identity]): readonly Finding[] => {
    if (typeof identity !== 'string' || formatProblem('ip-or-network', client) !== undefined) return []
    const stars = identity.split('*').length - 1
    const isNetwork = parseIpOrNetwork(client) === 'network'
    if (stars === (isNetwork ? 1 : 0)) return []
    const message = isNetwork
      ? 'the identity of a network must have one *'
      : 'the identity of an address must not have a *'
    return [mistake([...path, client], message)]
  })
}
