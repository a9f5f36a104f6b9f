import {expect, test} from 'vitest'
import {resolveZfsAccess} from '../../../src/lib/config/resolve-zfs-access.ts'

test.each([
  [undefined, 'auto'],
  [{}, 'auto'],
  [{zfs: {access: 'cli'}}, 'cli'],
  [{zfs: {access: 'library'}}, 'library'],
] as const)('%j: ZFS is changed by %s', (global, access) => {
  expect(resolveZfsAccess(global as Parameters<typeof resolveZfsAccess>[0])).toBe(access)
})
