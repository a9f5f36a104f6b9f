import pjson from '../../package.json' with {type: 'json'}

/** `1.2.3`. */
export const VERSION: string = pjson.version

/** `zrepl/1.2.3 linux-x64 node-v26.3.0`: what oclif would say, without loading it. */
export function versionLine(): string {
  return `${pjson.name}/${VERSION} ${process.platform}-${process.arch} node-${process.version}`
}
