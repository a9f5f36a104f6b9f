import type {Logs} from '../core/context.ts'
import {foreignFields} from '../core/foreign-fields.ts'
import {isAtOrBelow, rootOf} from '../core/span-stack.ts'
import type {FarSpans} from './far-spans.ts'
import type {Told} from './tell.ts'
import {parseTold} from './told.ts'
import {toldBytes} from './told-bytes.ts'

/** Log lines of a peer that appear in our log; one that tells more is not heard any more. */
const MAX_LINES = 10_000
/** What they may take, bytes as `toldBytes` counts them: an honest line takes a few hundred. */
const MAX_LINE_BYTES = 8 * 1024 * 1024

/**
 * Takes what a peer tells on one connection: its log goes into ours, at a level of its own choice but with nothing of ours
 * changed, spans where they belong. Of the work with the stack `within` it may say to which part a line belongs, and of no
 * other. Whatever it tells, it is alive.
 */
export function createListener(
  log: Logs,
  within: string,
  spans: FarSpans,
  onSign: () => void,
): (object: Readonly<Record<string, unknown>>) => void {
  // A connection serves one task after the other.
  const root = rootOf(within)
  let lines = 0
  let bytes = 0
  let overflown = false
  let misunderstood = false

  function take(told: Told): void {
    if (told.told === 'span') spans.told(told)
    if (told.told === 'log') relay(told)
  }

  function relay({level, message, fields}: Extract<Told, {told: 'log'}>): void {
    if (overflown) return
    lines += 1
    bytes += toldBytes([message], fields)
    overflown = lines > MAX_LINES || bytes > MAX_LINE_BYTES
    if (overflown) {
      log.of('rpc').warn('the peer logs too much, the rest is not shown')
      return
    }
    const {span} = fields
    const part = typeof span === 'string' && isAtOrBelow(span, root) ? {span} : {}
    log
      .with({...foreignFields(fields), ...part})
      .of('rpc')
      [level](message)
  }

  return (object) => {
    onSign()
    const told = parseTold(object)
    if (told !== undefined) return take(told)
    if (!misunderstood) log.of('rpc').debug('the peer tells something that is not understood')
    misunderstood = true
  }
}
