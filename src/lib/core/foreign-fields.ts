import type {Fields} from './context.ts'

/** What a line of our log says of itself; in a journal the names of fields have no case. */
const OURS: ReadonlySet<string> = new Set([
  'time',
  'level',
  'msg',
  'message',
  'job',
  'subsystem',
  'span',
  'side',
  'peer',
  'host',
  'clientidentity',
])

/** Fields that somebody else tells, without those that would say in our log when, where and in whose work something was. */
export function foreignFields(fields: Fields): Fields {
  return Object.fromEntries(
    Object.entries(fields).filter(([key]) => !OURS.has(key.replace(/[^A-Za-z0-9]/g, '').toLowerCase())),
  )
}
