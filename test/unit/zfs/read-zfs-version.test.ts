import {expect, test} from 'vitest'
import {readZfsVersion} from '../../../src/lib/zfs/read-zfs-version.ts'

test.each([
  ['zfs-2.3.2-1\nzfs-kmod-2.3.2-1\n', '2.3.2-1', '2.3.2-1'],
  ['zfs-2.3.0\nzfs-kmod-2.1.11-1\n', '2.3.0', '2.1.11-1'],
  ['zfs-2.4.99-rc1-dirty', '2.4.99-rc1-dirty', undefined],
  [
    'zfs-2.2.4-FreeBSD_g256659204\nzfs-kmod-2.2.4-FreeBSD_g256659204\n',
    '2.2.4-FreeBSD_g256659204',
    '2.2.4-FreeBSD_g256659204',
  ],
  ['zfs-kmod-2.1.11-1\n', undefined, '2.1.11-1'],
  ['', undefined, undefined],
  ["unrecognized command 'version'\nusage: zfs command args ...\n", undefined, undefined],
  ['zfs-\u001b[31m\n', undefined, undefined],
  [`zfs-2.${'1'.repeat(100)}\n`, undefined, undefined],
])('%j', (stdout, command, module) => expect(readZfsVersion(stdout)).toEqual({command, module}))
