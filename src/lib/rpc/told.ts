import type {RpcTold} from '../../generated/rpc-told-types.ts'
import validateTold from '../../generated/validate-rpc-told.js'
import type {Fields} from '../core/context.ts'
import {printable} from '../core/printable.ts'
import type {Told} from './tell.ts'

/** What the peer tells, with nothing in it that a terminal would obey; `undefined` for what is not in the schema. */
export function parseTold(object: unknown): Told | undefined {
  if (!validateTold(object)) return undefined
  const wire = object as RpcTold
  switch (wire.told) {
    case 'heartbeat':
      return {told: 'heartbeat'}
    case 'log':
      return {...wire, message: printable(wire.message), fields: printableFields(wire.fields)}
    case 'span':
      return {...wire, annotation: printable(wire.annotation), fields: printableFields(wire.fields)}
  }
}

function printableFields(fields: Readonly<Record<string, string | number | boolean | string[]>>): Fields {
  return Object.fromEntries(
    Object.entries(fields).map(([key, value]) => {
      if (typeof value === 'string') return [key, printable(value)]
      return [key, Array.isArray(value) ? value.map(printable) : value]
    }),
  )
}
