import type {Host} from './pool.ts'
import {type Command, printed} from './zfs/answer.ts'
import {clone, create, rename, rollback} from './zfs/dataset.ts'
import {destroy} from './zfs/destroy.ts'
import {hold, release} from './zfs/hold.ts'
import {listHolds, listVersions} from './zfs/listing.ts'
import {notModelled} from './zfs/options.ts'
import {program} from './zfs/program.ts'
import {getProperties, inheritProperty, setProperty} from './zfs/properties.ts'
import {abortReceive} from './zfs/receive.ts'
import {estimate} from './zfs/send.ts'
import {bookmark, snapshot} from './zfs/snapshot.ts'

/**
 * The `zfs` of a host, as far as it prints text: exactly the forms that the program uses and what foreign actors need.
 * `input` is what it reads from stdin. `send` and `receive` of streams are processes with pipes; see `process/stream-program.ts`.
 */
export function startCommand(host: Host, argv: readonly string[], input = ''): Command {
  const [verb = '', ...words] = argv
  if (verb === 'receive' && words[0] !== '-A') throw notModelled(argv, 'a receive without a pipe')
  if (verb === 'send' && !words.includes('-n')) throw notModelled(argv, 'a send without a pipe')
  const start = COMMANDS.get(verb)
  if (start === undefined) throw notModelled(argv, `the command ${verb}`)
  return start(host, words, input)
}

/** Runs a command at once: for foreign actors, who are not disturbed. */
export function runCommand(host: Host, argv: readonly string[], input?: string) {
  const command = startCommand(host, argv, input)
  let step = command.next()
  while (!step.done) step = command.next()
  return step.value
}

const COMMANDS: ReadonlyMap<string, (host: Host, words: readonly string[], input: string) => Command> =
  new Map([
    ['list', listVersions],
    ['get', getProperties],
    ['holds', listHolds],
    ['version', version],
    ['snapshot', snapshot],
    ['bookmark', bookmark],
    ['destroy', destroy],
    ['program', program],
    ['hold', hold],
    ['release', release],
    ['create', create],
    ['set', setProperty],
    ['inherit', inheritProperty],
    ['send', estimate],
    ['receive', abortReceive],
    ['rename', rename],
    ['rollback', rollback],
    ['clone', clone],
  ])

function* version(host: Host): Command {
  yield
  return printed(`zfs-${host.profile.version}-1\nzfs-kmod-${host.profile.version}-1\n`)
}
