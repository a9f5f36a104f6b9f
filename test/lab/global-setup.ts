import {existsSync} from 'node:fs'
import {join} from 'node:path'
import type {TestProject} from 'vitest/node'
import {ensureImage, wantedVersion} from './image.ts'
import {bootVm} from './vm.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    labPort: number
    labKey: string
    labZfs: string
  }
}

/** Boots the lab once for the suite, with the executable in it. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const executable = join(import.meta.dirname, '..', '..', 'dist', 'zrepl')
  if (!existsSync(executable)) throw new Error('dist/zrepl is missing: npm run build')
  const image = await ensureImage(wantedVersion())
  console.error(`lab: booting OpenZFS ${image.installed}`)
  const vm = await bootVm(image)
  await vm.ssh.upload(executable, '/usr/local/bin/zrepl')
  project.provide('labPort', vm.ssh.port)
  project.provide('labKey', vm.ssh.keyFile)
  project.provide('labZfs', image.installed)
  return vm.shutdown
}
