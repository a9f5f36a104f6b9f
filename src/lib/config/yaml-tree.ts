import type {Path} from './diagnostic.ts'

/** What stands in a YAML file, with places: aliases and merge keys are followed, nothing is interpreted. */
export type YamlNode = YamlMap | YamlList | YamlScalar

/** Offsets in UTF-16 units, `end` behind the last one. */
export type Span = {readonly start: number; readonly end: number}

export type YamlMap = Span & {readonly kind: 'map'; readonly entries: ReadonlyMap<string, YamlEntry>}
export type YamlEntry = {readonly key: Span & {readonly plain: boolean}; readonly value: YamlNode}
export type YamlList = Span & {readonly kind: 'list'; readonly items: readonly YamlNode[]}

export type YamlScalar = Span & {
  readonly kind: 'scalar'
  readonly value: string | number | boolean | null
  /** The text the value was read from, without quotes. */
  readonly text: string
  /** Not quoted, so that its value depends on what it looks like. */
  readonly plain: boolean
}

/** The value as JavaScript has it: fresh arrays and prototype-less records, shared by nobody. */
export function toValue(node: YamlNode): unknown {
  switch (node.kind) {
    case 'scalar':
      return node.value
    case 'list':
      return node.items.map(toValue)
    default: {
      const record: Record<string, unknown> = Object.create(null)
      for (const [key, entry] of node.entries) record[key] = toValue(entry.value)
      return record
    }
  }
}

/** The node at `path`; `undefined` when there is none. */
export function nodeAt(root: YamlNode | undefined, path: Path): YamlNode | undefined {
  return path.reduce<YamlNode | undefined>((node, key) => {
    if (node?.kind === 'map') return node.entries.get(String(key))?.value
    return node?.kind === 'list' ? node.items[Number(key)] : undefined
  }, root)
}

/** The key at the end of `path`; `undefined` when it is not there, or no key. */
export function keyAt(root: YamlNode | undefined, path: Path): YamlEntry['key'] | undefined {
  const parent = nodeAt(root, path.slice(0, -1))
  const key = path.at(-1)
  return parent?.kind === 'map' && key !== undefined ? parent.entries.get(String(key))?.key : undefined
}

/**
 * The part of the file to point at. A list or map is pointed at by its key, which is where a person looks, or by its
 * first character; what is missing, by what it is missing in.
 */
export function spanAt(root: YamlNode | undefined, path: Path, atKey: boolean): Span {
  const key = keyAt(root, path)
  const node = nodeAt(root, path)
  if (key !== undefined && (atKey || node?.kind !== 'scalar' || node.start === node.end)) return key
  if (node !== undefined) return node.kind === 'scalar' ? node : {start: node.start, end: node.start + 1}
  return path.length === 0 ? {start: 0, end: 0} : spanAt(root, path.slice(0, -1), false)
}
