import {type Finding, mistake, notice, type Path} from './diagnostic.ts'
import {peek, peekList, peekText} from './peek.ts'

const NEEDS_DAEMON = ['control', 'serve'] as const

/** What is wrong in `global` beyond its schema, and what it asks for that only a daemon can do. */
export function checkGlobal(global: unknown): readonly Finding[] {
  const daemon = NEEDS_DAEMON.filter((key) => peek(global, key) !== undefined).map((key) =>
    notice(['global', key], 'needs a daemon: has no effect'),
  )
  const outlets = peekList(global, 'logging')
  const places = peekList(global, 'monitoring')
  return [
    ...daemon,
    ...places.flatMap((place, index) => checkPlace(place, ['global', 'monitoring', index])),
    ...checkSecond(places, 'monitoring', ['prometheus', 'textfile', 'trace']),
    ...outlets.flatMap((outlet, index) => checkOutlet(outlet, ['global', 'logging', index])),
    ...checkSecond(outlets, 'logging', ['stdout', 'syslog']),
  ]
}

function checkOutlet(outlet: unknown, path: Path): readonly Finding[] {
  const file = peekText(outlet, 'path')
  return peekText(outlet, 'type') !== 'file' || file === undefined || file.startsWith('/')
    ? []
    : [mistake([...path, 'path'], 'it must be an absolute path')]
}

function checkPlace(place: unknown, path: Path): readonly Finding[] {
  const file = peekText(place, 'path')
  if (file !== undefined && !file.startsWith('/'))
    return [mistake([...path, 'path'], 'it must be an absolute path')]
  if (peekText(place, 'type') !== 'prometheus') return []
  return [notice([...path, 'type'], 'needs a daemon: has no effect; `textfile` is for node_exporter')]
}

/** There cannot be a second one of these types. */
function checkSecond(
  places: readonly unknown[],
  section: string,
  single: readonly string[],
): readonly Finding[] {
  const types = places.map((place) => peekText(place, 'type'))
  return types.flatMap((type, index) => {
    if (type === undefined || !single.includes(type) || types.indexOf(type) === index) return []
    const what = section === 'logging' ? `${type} outlet` : type
    return [mistake(['global', section, index, 'type'], `a second ${what}`)]
  })
}
