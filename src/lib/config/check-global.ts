import {type Finding, mistake, notice, type Path} from './diagnostic.ts'
import {peek, peekList, peekText} from './peek.ts'

const NEEDS_DAEMON = ['control', 'serve', 'monitoring'] as const

/** What `global` asks for that only a daemon can do, and what of its logging is not heeded. */
export function checkGlobal(global: unknown): readonly Finding[] {
  const daemon = NEEDS_DAEMON.filter((key) => peek(global, key) !== undefined).map((key) =>
    notice(['global', key], 'needs a daemon: has no effect'),
  )
  const outlets = peekList(global, 'logging')
  return [
    ...daemon,
    ...outlets.flatMap((outlet, index) => checkOutlet(outlet, ['global', 'logging', index])),
    ...checkSecond(outlets),
  ]
}

function checkOutlet(outlet: unknown, path: Path): readonly Finding[] {
  const type = peekText(outlet, 'type')
  if (type === 'syslog' || type === 'tcp') {
    return [
      notice(
        [...path, 'type'],
        'has no effect yet: of logging only level and format of a stdout outlet have',
      ),
    ]
  }
  return ['time', 'color']
    .filter((key) => type === 'stdout' && peek(outlet, key) !== undefined)
    .map((key) => notice([...path, key], 'has no effect yet'))
}

/** zrepl refuses a second outlet of these types. */
function checkSecond(outlets: readonly unknown[]): readonly Finding[] {
  const types = outlets.map((outlet) => peekText(outlet, 'type'))
  return types.flatMap((type, index) => {
    if ((type !== 'stdout' && type !== 'syslog') || types.indexOf(type) === index) return []
    return [mistake(['global', 'logging', index, 'type'], `a second ${type} outlet`)]
  })
}
