import {EXIT, type ExitStatus} from '../core/exit-code.ts'
import {printable} from '../core/printable.ts'
import {worstStatus} from './exit-status.ts'

/** What a line about a change says. */
export type RenderedChange = {
  readonly what: string
  readonly state: 'planned' | 'done' | 'skipped' | 'conflict' | 'failed'
  readonly because?: string | undefined
}

/** One line for each change: `would …` in a dry run, else the order and how it ended. */
export function renderChanges(changes: readonly RenderedChange[]): string {
  return changes.map((change) => `${renderChange(change)}\n`).join('')
}

/** The exit status that these changes deserve. */
export function statusOfChanges(changes: readonly RenderedChange[]): ExitStatus {
  return worstStatus(
    changes.map(({state}) => {
      if (state === 'failed') return EXIT.partial
      return state === 'conflict' ? EXIT.conflict : EXIT.ok
    }),
  )
}

function renderChange({what, state, because}: RenderedChange): string {
  const why = because === undefined ? '' : `: ${printable(because)}`
  return state === 'planned' ? `would ${printable(what)}${why}` : `${printable(what)}: ${state}${why}`
}
