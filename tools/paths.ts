import {join} from 'node:path'

/** The checkout. */
export const ROOT = join(import.meta.dirname, '..')

/** The pinned Bun that runs this tool; child tools are started with it, never with a `bun` that happens to be on PATH. */
export const BUN = process.execPath

/** A program of node_modules. */
export function bin(name: string): string {
  return join(ROOT, 'node_modules', '.bin', name)
}
