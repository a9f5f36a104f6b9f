import {PERIODS} from '../prune/keep-calendar.ts'
import {type Finding, mistake, type Path} from './diagnostic.ts'
import {peek, peekList} from './peek.ts'

/** What the schema cannot say about `pruning`. */
export function checkKeepRules(pruning: unknown, path: Path): readonly Finding[] {
  return ['keep', 'keep_sender', 'keep_receiver'].flatMap((side) =>
    peekList(pruning, side).flatMap((rule, index) => checkCalendar(rule, [...path, side, index])),
  )
}

/** zrepl would call it a rule; it would keep nothing. */
function checkCalendar(rule: unknown, path: Path): readonly Finding[] {
  const isEmpty = PERIODS.every((period) => [undefined, null, 0].includes(peek(rule, period) as undefined))
  if (peek(rule, 'type') !== 'calendar' || !isEmpty) return []
  return [mistake(path, 'keeps nothing', `say of how many: ${PERIODS.join(', ')}`)]
}
