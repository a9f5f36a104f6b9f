import type {Logs} from '../core/context.ts'
import {foreignFields} from '../core/foreign-fields.ts'
import {isAtOrBelow, rootOf} from '../core/span-stack.ts'
import type {FarSpans} from './far-spans.ts'
import type {Told} from './tell.ts'
import {parseTold} from './told.ts'

/** Log lines of a peer that appear in our log; one that tells more is not heard any more. */
const MAX_LINES = 10_000

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
  let misunderstood = false

  function take(told: Told): void {
    if (told.told === 'span') spans.told(told)
    if (told.told === 'log') relay(told)
  }

  function relay({level, message, fields}: Extract<Told, {told: 'log'}>): void {
    lines += 1
    const {span} = fields
    const part = typeof span === 'string' && isAtOrBelow(span, root) ? {span} : {}
    if (lines <= MAX_LINES)
      log
        .with({...foreignFields(fields), ...part})
        .of('rpc')
        [level](message)
    if (lines === MAX_LINES) log.of('rpc').warn('the peer logs too much, the rest is not shown')
  }

  return (object) => {
    onSign()
    const told = parseTold(object)
    if (told !== undefined) return take(told)
    if (!misunderstood) log.of('rpc').debug('the peer tells something that is not understood')
    misunderstood = true
  }
}
