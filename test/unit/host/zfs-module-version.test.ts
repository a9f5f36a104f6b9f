import {mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {expect, test} from 'vitest'
import {zfsModuleVersion} from '../../../src/lib/host/zfs-module-version.ts'

test('the version is what the kernel tells, without the end of the line', () => {
  const dir = mkdtempSync(join(tmpdir(), 'zrepl-module-'))
  try {
    writeFileSync(join(dir, 'version'), '2.1.1-1\n')
    expect(zfsModuleVersion(join(dir, 'version'))).toBe('2.1.1-1')
    expect(zfsModuleVersion(join(dir, 'nothing'))).toBeUndefined()
  } finally {
    rmSync(dir, {recursive: true})
  }
})
