import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  Scalar,
  type YAMLMap,
} from 'yaml'
import {readPlainScalar} from './plain-scalar.ts'
import type {Span, YamlEntry, YamlMap, YamlNode, YamlScalar} from './yaml-tree.ts'

/** How often anchored content may be repeated, all aliases within aliases counted (threat T33). */
const MAX_ALIASES = 100

/** A file that was understood as YAML, or all reasons why not. */
export type ParsedYaml = {
  /** `undefined` for an empty file. */
  readonly root: YamlNode | undefined
  readonly problems: readonly YamlProblem[]
  readonly lines: LineCounter
}

export type YamlProblem = Span & {readonly message: string; readonly hint?: string}

/**
 * Reads one YAML document. Plain words mean what they mean to zrepl: `yes`, `on` and their like are booleans; times,
 * dates and octal numbers are just text. Merge keys (`<<`) work as in YAML 1.1; keys are text, and unique; tags and
 * more than 100 repetitions by aliases are refused. Never throws for what is in `text`.
 */
export function parseYaml(text: string): ParsedYaml {
  const lines = new LineCounter()
  try {
    const document = parseDocument(text, {
      version: '1.2',
      schema: 'failsafe',
      uniqueKeys: false,
      prettyErrors: false,
      logLevel: 'silent',
      lineCounter: lines,
    })
    const syntax = [...document.errors, ...document.warnings].map(({code, pos, message}) => ({
      start: pos[0],
      end: pos[1],
      ...explainSyntax(code, message),
    }))
    if (syntax.length > 0) return {root: undefined, problems: syntax, lines}
    return {...convertDocument(document), lines}
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    return {root: undefined, problems: [{start: 0, end: 0, message: 'it is nested too deeply'}], lines}
  }
}

function explainSyntax(code: string, message: string): {readonly message: string; readonly hint?: string} {
  switch (code) {
    case 'TAB_AS_INDENT':
      return {message: 'a tab is not indentation', hint: 'use spaces'}
    case 'MULTIPLE_DOCS':
      return {
        message: 'a second document begins here',
        hint: 'a configuration is one document; remove the ---',
      }
    case 'TAG_RESOLVE_FAILED':
      return {message: 'tags are not allowed', hint: 'write the value without the word that starts with !'}
    default:
      return {message: `${message.charAt(0).toLowerCase()}${message.slice(1)}`}
  }
}

/** Converted nodes are shared by all aliases; `aliases` counts what following them all would repeat. */
type Converted = {readonly node: YamlNode; readonly aliases: number}

function convertDocument(document: Document): {root: YamlNode | undefined; problems: readonly YamlProblem[]} {
  const problems: YamlProblem[] = []
  const done = new Map<Node, Converted>()
  const open = new Set<Node>()
  let exhausted = false

  const root = document.contents === null ? undefined : convert(document.contents).node
  return {root, problems}

  function convert(node: Node): Converted {
    if (isAlias(node)) return follow(node)
    const known = done.get(node)
    if (known !== undefined) return known
    open.add(node)
    const converted = convertContent(node)
    open.delete(node)
    done.set(node, converted)
    return converted
  }

  function convertContent(node: Node): Converted {
    const span = spanOf(node)
    if (isMap(node)) return convertMap(node, span)
    if (isSeq(node)) {
      const children = node.items.map((item) => convert(item as Node))
      const items = children.map((child) => child.node)
      return {node: {...span, kind: 'list', items}, aliases: countAliases(children, span)}
    }
    return {node: convertScalar(node as Scalar, span), aliases: 0}
  }

  function follow(alias: Alias): Converted {
    const span = spanOf(alias)
    const target = exhausted ? undefined : alias.resolve(document)
    if (target !== undefined && !open.has(target)) {
      const {node, aliases} = convert(target)
      return {node, aliases: aliases + 1}
    }
    if (!exhausted) {
      report(
        span,
        target === undefined
          ? `there is no anchor &${alias.source} above`
          : `*${alias.source} contains itself`,
      )
    }
    return {node: emptyScalar(span), aliases: 1}
  }

  function countAliases(children: readonly Converted[], span: Span): number {
    const aliases = children.reduce((sum, child) => sum + child.aliases, 0)
    if (aliases > MAX_ALIASES && !exhausted) {
      exhausted = true
      report(span, `aliases repeat more than ${MAX_ALIASES} times what they stand for`)
    }
    return aliases
  }

  function convertMap(map: YAMLMap, span: Span): Converted {
    const explicit = new Map<string, YamlEntry>()
    const merged = new Map<string, YamlEntry>()
    const children: Converted[] = []
    for (const pair of map.items as Pair<Node, Node | null>[]) {
      const key = readKey(pair.key)
      if (key === undefined) continue
      const value = pair.value === null ? {node: emptyScalar(key), aliases: 0} : convert(pair.value)
      children.push(value)
      if (key.plain && key.text === '<<') merge(value.node, merged)
      else if (explicit.has(key.text)) report(key, `the key ${JSON.stringify(key.text)} is here twice`)
      else explicit.set(key.text, {key, value: value.node})
    }
    const entries = new Map([...merged, ...explicit])
    return {node: {...span, kind: 'map', entries}, aliases: countAliases(children, span)}
  }

  function readKey(node: Node): YamlScalar | undefined {
    if (isScalar(node)) return convertScalar(node, spanOf(node))
    report(spanOf(node), 'a key must be a word')
    return undefined
  }

  /** Of several maps in a list the earlier ones win. */
  function merge(node: YamlNode, into: Map<string, YamlEntry>): void {
    const sources = node.kind === 'list' ? node.items : [node]
    for (const source of sources) {
      if (source.kind !== 'map') report(source, '<< takes a map or a list of maps')
      else for (const [key, entry] of (source as YamlMap).entries) if (!into.has(key)) into.set(key, entry)
    }
  }

  function report(span: Span, message: string): void {
    problems.push({start: span.start, end: span.end, message})
  }
}

function convertScalar(scalar: Scalar, span: Span): YamlScalar {
  const text = String(scalar.value ?? '')
  const plain = scalar.type === Scalar.PLAIN && scalar.tag === undefined
  return {...span, kind: 'scalar', value: plain ? readPlainScalar(text) : text, text, plain}
}

/** Stands where there is nothing, as behind `key:`. */
function emptyScalar({end}: Span): YamlScalar {
  return {start: end, end, kind: 'scalar', value: null, text: '', plain: true}
}

function spanOf(node: Node): Span {
  const [start, end] = node.range ?? [0, 0]
  return {start, end}
}
