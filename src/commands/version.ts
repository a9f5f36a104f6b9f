import pjson from '../../package.json' with {type: 'json'}

/** `zrepl/1.2.3 linux-x64 node-v26.3.0`: what oclif would say, without loading it. */
export function versionLine(): string {
  return `${pjson.name}/${pjson.version} ${process.platform}-${process.arch} node-${process.version}`
}
