import type {RpcResponse} from '../../generated/rpc-response-types.ts'
import {printable} from '../core/printable.ts'
import type {FilesystemView, Sending} from '../endpoint/view.ts'
import {
  type DatasetName,
  parseComponent,
  parseCreatetxg,
  parseDatasetName,
  parseGuid,
  parseHoldTag,
} from '../zfs/name.ts'
import type {Version} from '../zfs/version.ts'

type WireView = Extract<RpcResponse, {verb: 'observed'}>['filesystems'][number]

/** The tuple of the schema, which generated types do not spell out. */
type WireVersion = readonly ['s' | 'b', string, string, string, number, number, string]

/** A filesystem as the response to `observe` has it. */
export function formatView(view: FilesystemView): WireView {
  return {
    filesystem: view.filesystem,
    type: view.type,
    placeholder: view.placeholder,
    encrypted: view.encrypted,
    ...(view.resumeToken === undefined ? {} : {resumeToken: view.resumeToken}),
    ...(view.sending === undefined ? {} : {sending: view.sending}),
    ...(view.written === undefined ? {} : {written: view.written.toString()}),
    ...(view.remembered === undefined ? {} : {remembered: view.remembered}),
    versions: view.versions.map(formatVersion) as unknown as WireView['versions'],
    holds: Array.from(view.holds, ([snapshot, tags]) => ({snapshot, tags: [...tags]})),
  }
}

/** The same as a value. Throws `NameError`. */
export function viewOf(wire: WireView): FilesystemView {
  const filesystem = parseDatasetName(wire.filesystem)
  return {
    filesystem,
    type: wire.type,
    placeholder: wire.placeholder,
    encrypted: wire.encrypted,
    resumeToken: wire.resumeToken,
    ...(wire.sending === undefined ? {} : {sending: sendingOf(wire.sending)}),
    ...(wire.written === undefined ? {} : {written: BigInt(wire.written)}),
    ...(wire.remembered === true ? {remembered: true} : {}),
    versions: wire.versions.map((version) => versionOf(filesystem, version as unknown as WireVersion)),
    holds: new Map(wire.holds.map(({snapshot, tags}) => [parseComponent(snapshot), tags.map(parseHoldTag)])),
  }
}

function sendingOf(wire: Sending): Sending {
  if (wire.kind === 'allowed') return wire
  return {...wire, message: `peer: ${printable(wire.message)}`, hint: printable(wire.hint)}
}

function formatVersion(version: Version): WireVersion {
  const {name, guid, createtxg, creation} = version
  const common = [name, guid, createtxg.toString(), creation] as const
  if (version.kind === 'bookmark') return ['b', ...common, 0, '']
  return ['s', ...common, version.userrefs, version.clones ?? '']
}

function versionOf(
  filesystem: DatasetName,
  [kind, name, guid, createtxg, creation, userrefs, clones]: WireVersion,
): Version {
  const common = {
    filesystem,
    name: parseComponent(name),
    guid: parseGuid(guid),
    createtxg: parseCreatetxg(createtxg),
    creation,
  }
  if (kind === 'b') return {kind: 'bookmark', ...common}
  return {kind: 'snapshot', ...common, userrefs, ...(clones === '' ? {} : {clones})}
}
