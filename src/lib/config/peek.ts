import type {Path} from './diagnostic.ts'

/** What stands at `path` in a value of any shape; `undefined` where nothing does. For checks that run on bad files too. */
export function peek(value: unknown, ...path: Path): unknown {
  return path.reduce<unknown>((at, key) => {
    if (Array.isArray(at)) return at[Number(key)]
    return isRecord(at) && Object.hasOwn(at, key) ? at[key] : undefined
  }, value)
}

/** The text at `path`; `undefined` when there is no text. */
export function peekText(value: unknown, ...path: Path): string | undefined {
  const found = peek(value, ...path)
  return typeof found === 'string' ? found : undefined
}

/** The list at `path`; empty when there is none. */
export function peekList(value: unknown, ...path: Path): readonly unknown[] {
  const found = peek(value, ...path)
  return Array.isArray(found) ? found : []
}

/** The keys and values at `path`; empty when there is no map. */
export function peekEntries(value: unknown, ...path: Path): readonly (readonly [string, unknown])[] {
  const found = peek(value, ...path)
  return isRecord(found) ? Object.entries(found) : []
}

/** True for what a YAML map becomes. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
