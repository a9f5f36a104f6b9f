import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  Scalar,
  type YAMLMap,
} from 'yaml'
import {readPlainScalar} from './plain-scalar.ts'
import type {Span, YamlEntry, YamlNode, YamlScalar} from './yaml-tree.ts'

/** How often anchored content may be repeated, all aliases within aliases counted. */
const MAX_ALIASES = 100

/** How much there may be in a file with all aliases followed, and how deep. */
const MAX_NODES = 50_000
const MAX_DEPTH = 50

/** Why a file cannot be used, at its place. */
export type YamlProblem = Span & {readonly message: string; readonly hint?: string}

/** What is shared by all aliases of an anchor; the sizes are those with all aliases followed. */
type Converted = {readonly node: YamlNode; readonly aliases: number; readonly nodes: number}

/**
 * What stands in a parsed document, with aliases and merge keys followed, and what is wrong beyond syntax. Sizes are
 * added up, not tried out: a file that would be too large with its aliases costs no more than another.
 */
export function convertYaml(document: Document): {
  readonly root: YamlNode | undefined
  readonly problems: readonly YamlProblem[]
} {
  const problems: YamlProblem[] = []
  const done = new Map<Node, Converted>()
  const open = new Set<Node>()
  let aliasesSeen = 0
  let hasGivenUp = false

  const root = document.contents === null ? undefined : convert(document.contents).node
  return {root, problems}

  function convert(node: Node): Converted {
    if (hasGivenUp) return nothing(spanOf(node))
    if (isAlias(node)) return follow(node)
    const known = done.get(node)
    if (known !== undefined) return known
    if (open.size >= MAX_DEPTH) return giveUp(spanOf(node), 'it is nested too deeply')
    open.add(node)
    const converted = convertContent(node)
    open.delete(node)
    done.set(node, converted)
    return converted
  }

  function convertContent(node: Node): Converted {
    if (isMap(node)) return convertMap(node)
    if (!isSeq(node)) return {node: scalarOf(node as Scalar), aliases: 0, nodes: 1}
    const children = node.items.map((item) => convert(item as Node))
    return sized({...spanOf(node), kind: 'list', items: children.map((child) => child.node)}, children)
  }

  function convertMap(map: YAMLMap): Converted {
    const explicit = new Map<string, YamlEntry>()
    const merged = new Map<string, YamlEntry>()
    const children: Converted[] = []
    for (const {key: keyNode, value: valueNode} of map.items as Pair<Node, Node | null>[]) {
      if (!isScalar(keyNode)) {
        report(spanOf(keyNode), 'a key must be a word')
        continue
      }
      const key = scalarOf(keyNode)
      const value = valueNode === null ? nothing(key) : convert(valueNode)
      children.push(value)
      if (key.plain && key.text === '<<') merge(value.node, merged)
      else if (explicit.has(key.text)) report(key, `the key ${JSON.stringify(key.text)} is here twice`)
      else explicit.set(key.text, {key, value: value.node})
    }
    return sized({...spanOf(map), kind: 'map', entries: new Map([...merged, ...explicit])}, children)
  }

  /** Of several maps in a list the earlier ones win. */
  function merge(node: YamlNode, into: Map<string, YamlEntry>): void {
    for (const source of node.kind === 'list' ? node.items : [node]) {
      if (source.kind !== 'map') report(source, '<< takes a map or a list of maps')
      else for (const [key, entry] of source.entries) if (!into.has(key)) into.set(key, entry)
    }
  }

  function follow(alias: Alias): Converted {
    aliasesSeen += 1
    if (aliasesSeen > MAX_ALIASES) return giveUp(spanOf(alias), TOO_MANY_ALIASES)
    const target = alias.resolve(document)
    if (target === undefined) return giveUp(spanOf(alias), `there is no anchor &${alias.source} before`)
    if (open.has(target)) return giveUp(spanOf(alias), `*${alias.source} contains itself`)
    const {node, aliases, nodes} = convert(target)
    return {node, aliases: aliases + 1, nodes}
  }

  function sized(node: YamlNode, children: readonly Converted[]): Converted {
    const aliases = children.reduce((sum, child) => sum + child.aliases, 0)
    const nodes = children.reduce((sum, child) => sum + child.nodes, 1)
    if (aliases > MAX_ALIASES) return giveUp(node, TOO_MANY_ALIASES)
    if (nodes > MAX_NODES) return giveUp(node, `there are more than ${MAX_NODES} values here`)
    return {node, aliases, nodes}
  }

  /** What is wrong makes the rest meaningless, or too much. */
  function giveUp(span: Span, message: string): Converted {
    if (!hasGivenUp) report(span, message)
    hasGivenUp = true
    return nothing(span)
  }

  function report({start, end}: Span, message: string): void {
    if (!hasGivenUp) problems.push({start, end, message})
  }
}

const TOO_MANY_ALIASES = `aliases repeat their anchors more than ${MAX_ALIASES} times`

function scalarOf(scalar: Scalar): YamlScalar {
  const text = String(scalar.value ?? '')
  const plain = scalar.type === Scalar.PLAIN && scalar.tag === undefined
  return {...spanOf(scalar), kind: 'scalar', value: plain ? readPlainScalar(text) : text, text, plain}
}

/** Stands where there is nothing, as behind `key:`. */
function nothing({end}: Span): Converted {
  return {node: {start: end, end, kind: 'scalar', value: null, text: '', plain: true}, aliases: 0, nodes: 1}
}

function spanOf(node: Node): Span {
  const [start, end] = node.range ?? [0, 0]
  return {start, end}
}
