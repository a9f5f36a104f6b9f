import type {Clock, EndedSpan, Fields, Logs, Span} from '../core/context.ts'
import {foreignFields} from '../core/foreign-fields.ts'
import {redactedFields} from '../core/redact.ts'

/** Where spans go. */
export type SpanKeeper = {
  /** Also of one that goes on, with all that is known of it by then. */
  begin(span: Omit<EndedSpan, 'endUs'>): void
  /** Of one that has begun here, or of one from elsewhere. */
  end(span: EndedSpan): void
}

export type SpanOptions = {
  readonly clock: Clock
  readonly log: Logs
  /** Makes the id of a span; see `randomSpanId`. */
  readonly newId: () => string
  /** Keeps the spans, where a trace is asked for. */
  readonly keeper?: SpanKeeper | undefined
  /** Told of a mistake in the use of spans. They go on as well as they can. */
  readonly onMisuse: (mistake: string, fields: Fields) => void
}

/** One that has not ended, with what is under way in it. */
type Node = {
  readonly stack: string
  readonly parent: Node | undefined
  readonly isTask: boolean
  readonly live: Set<Node>
  /** Undefined once it has ended. */
  end: ((fields: Fields) => void) | undefined
}

/**
 * Makes the span of a whole run, or of a request of another process below its span `above`. Begins and ends are logged at
 * debug with the stack of ids, as zrepl does. Times are those of the wall clock now, and go on by the monotonic one.
 */
export function createRootSpan(options: SpanOptions, annotation: string, above?: string): Span {
  const {clock, log, newId, keeper, onMisuse} = options
  const told = log.tells('debug') ? log.of('trace.data') : undefined
  const kept = told !== undefined || keeper !== undefined
  const epochMs = clock.now() - clock.monotonic()
  const nowUs = () => Math.round((epochMs + clock.monotonic()) * 1000)
  return begin(undefined, above === undefined ? newId() : `${above}.${newId()}`, annotation, {}, true)

  function begin(
    parent: Node | undefined,
    stack: string,
    annotation: string,
    fields: Fields,
    isTask: boolean,
  ): Span {
    const startUs = kept ? nowUs() : 0
    let facts = fields
    const node: Node = {stack, parent, isTask, live: new Set(), end}
    parent?.live.add(node)
    told?.debug('span begins', {span: stack, annotation, ...fields})
    const keepBegun = () => keeper?.begin({stack, annotation, startUs, fields: redactedFields(facts)})
    keepBegun()

    function end(outcome: Fields): void {
      if (node.end === undefined) return
      if (node.live.size > 0) onMisuse('a span ends before what is inside it', {span: stack, annotation})
      for (const inner of node.live) inner.end?.({unended: true})
      node.end = undefined
      parent?.live.delete(node)
      if (!kept) return
      const endUs = nowUs()
      told?.debug('span ends', {
        span: stack,
        annotation,
        duration_s: ((endUs - startUs) / 1e6).toFixed(3),
        ...facts,
        ...outcome,
      })
      keeper?.end({stack, annotation, startUs, endUs, fields: redactedFields({...facts, ...outcome})})
    }

    return {
      stack,
      kept,
      nowUs,
      child: (annotation, fields = {}) => inside(node, annotation, fields, false),
      task: (annotation, fields = {}) => inside(node, annotation, fields, true),
      add: (more) => {
        if (!kept || node.end === undefined) return
        facts = {...facts, ...more}
        keepBegun()
      },
      adopt(span) {
        told?.debug('span ends', {
          ...foreignFields(span.fields),
          span: span.stack,
          annotation: span.annotation,
          duration_s: ((span.endUs - span.startUs) / 1e6).toFixed(3),
          host: span.host,
        })
        keeper?.end(span)
      },
      end: (outcome = {}) => node.end?.(outcome),
    }
  }

  /** In one that has ended, it is begun in the nearest that has not; beside another one, it is a task. */
  function inside(node: Node, annotation: string, fields: Fields, isTask: boolean): Span {
    let parent = node
    if (node.end === undefined)
      onMisuse('a span begins in one that has ended', {span: node.stack, annotation})
    while (parent.end === undefined && parent.parent !== undefined) parent = parent.parent
    const beside = !isTask && Array.from(parent.live).some((other) => !other.isTask)
    if (beside) onMisuse('a span begins beside another one of its task', {span: node.stack, annotation})
    const mark = isTask || beside ? '$' : '.'
    return begin(parent, `${parent.stack}${mark}${newId()}`, annotation, fields, isTask || beside)
  }
}

/** Three random bytes as four characters, the way zrepl names spans. */
export function randomSpanId(): string {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(3)))
    .toString('base64')
    .replace(/=/g, '')
}
