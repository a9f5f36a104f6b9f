import type {Guid} from './name.ts'

/**
 * A channel program (zfs-program(8)) that destroys snapshots of one pool, each only if its guid is the one given: look
 * and deed are in one transaction, and nobody can come between. One of them that cannot be destroyed does not keep the
 * others.
 *
 * It is given `name, guid, name, guid, …` as `argv` by the `zfs` command, or the guids by name by libzfs_core; a guid as
 * `programGuid` writes it. It answers with a number for each name.
 */
export const DESTROY_PROGRAM = `local given = ...
local judged = given
if given['argv'] ~= nil then
  judged = {}
  for i = 1, #given['argv'], 2 do
    judged[given['argv'][i]] = given['argv'][i + 1]
  end
end
local result = {}
for name, guid in pairs(judged) do
  if not zfs.exists(name) then
    result[name] = 2
  elseif 'g' .. tostring(zfs.get_prop(name, 'guid')) ~= guid then
    result[name] = -1
  else
    result[name] = zfs.sync.destroy(name)
  end
end
return result
`

/** What the program answers of a snapshot beside 0 and an errno: another one has its name now. */
export const REPLACED = -1

/**
 * ZFS's own limits unless told otherwise: 10 million instructions and 10 MiB. A snapshot takes a few dozen instructions and
 * less than a KiB.
 */
export const PROGRAM_LIMITS = {instructions: 10_000_000, memoryBytes: 10 * 1024 * 1024} as const

/**
 * A guid as the program compares it. Lua's numbers are signed, so one of 2^63 and above is negative there; the letter keeps
 * `zfs` from taking the sign for an option.
 */
export function programGuid(guid: Guid): string {
  return `g${BigInt.asIntN(64, BigInt(guid))}`
}

/** Reads what `zfs program -j` printed: a number for each name. `undefined` when it is anything else. */
export function readDestroyProgram(stdout: string): ReadonlyMap<string, number> | undefined {
  const found = returnedBy(stdout)
  if (typeof found !== 'object' || found === null || Array.isArray(found)) return undefined
  const numbers = Object.entries(found)
  return numbers.every((one): one is [string, number] => Number.isSafeInteger(one[1]))
    ? new Map(numbers)
    : undefined
}

function returnedBy(stdout: string): unknown {
  try {
    const answer: unknown = JSON.parse(stdout)
    return typeof answer === 'object' && answer !== null && 'return' in answer ? answer.return : undefined
  } catch {
    return undefined
  }
}
